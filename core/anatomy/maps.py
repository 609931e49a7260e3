"""What each head is needed for: every head silenced alone, over many questions of one kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.anatomy.sheet import Map
from core.runs.cache import RunCache
from core.runs.sweep_result import SweepFinished
from core.runs.tape import taped
from core.runs.trace import unembed
from core.sessions.session import Session
from core.sessions.sweep_session import sweep_session
from core.sessions.sweep_spec import SweepSpec

if TYPE_CHECKING:
    from core.anatomy.questions import Asked, Task
    from core.cancel import CancelToken
    from core.models.loaded_model import LoadedModel
    from core.runs.sweep_result import SweepResult

SPEC = SweepSpec(sites="heads", operation="silence")


def silenced_map(loaded: LoadedModel, task: Task, questions: Sequence[Asked], cancel: CancelToken) -> Map:
    """Return how silencing each head at all tokens changes the answer, averaged over questions.

    The answer is compared with the wrong one that the untouched model holds for likeliest.

    Returns
    -------
    Map
        Means over the questions of ``log p(answer)`` and ``logit(answer) - logit(wrong)``, each silenced
        less clean, in nats.
    """
    shape = (loaded.info.n_layers, loaded.info.n_heads)
    found = [_swept(loaded, each, cancel) for each in questions]
    before = {name: [each.clean.numbers[name] or 0.0 for each in found] for name in ("log_prob", "logit_difference")}
    return Map(
        key=task.key,
        title=task.title,
        groups=task.groups,
        questions=len(questions),
        right=float(np.mean([each > 0 for each in before["logit_difference"]])),
        log_prob=float(np.mean(before["log_prob"])),
        logit_difference=float(np.mean(before["logit_difference"])),
        d_log_prob=np.mean([np.asarray(each.d_log_prob) for each in found], axis=0).reshape(shape),
        d_logit_difference=np.mean([np.asarray(each.d_logit_difference) for each in found], axis=0).reshape(shape),
    )


def _swept(loaded: LoadedModel, question: Asked, cancel: CancelToken) -> SweepResult:
    cache = RunCache()
    tape = taped(loaded, question.tokens.ids, cache, cancel)
    logits = unembed(loaded, tape.residuals[-1, question.read])
    rival = max(question.wrong, key=lambda token: float(logits[token]))
    session = Session(model=loaded.info.name, prompt=question.tokens.prompt, target=question.answer, versus=rival)
    for event in sweep_session(loaded, session, SPEC, cache, cancel):
        if isinstance(event, SweepFinished):
            return event.result
    raise AssertionError("a sweep ends with its result")
