"""Measuring the whole anatomy of a model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.anatomy.attention_scores import SEQUENCES, attention_scores
from core.anatomy.maps import silenced_map
from core.anatomy.name_movers import name_scores, sentences
from core.anatomy.questions import asked
from core.anatomy.roles import labels_of
from core.anatomy.sequences import frame_of
from core.anatomy.sheet import Sheet

if TYPE_CHECKING:
    from core.anatomy.questions import Question, Task
    from core.cancel import CancelToken
    from core.models.loaded_model import LoadedModel
    from core.models.progress import Report

NO_NAMES = "The names of the sentences are no single tokens of this model, or it predicts nothing."
NAMES = "indirect_objects"
NAME_SCORES = ("io_attention", "s_attention", "direct_effect", "copy_score")
FEWEST = 10


def measured(
    loaded: LoadedModel,
    names: Sequence[Question],
    tasks: Sequence[Task],
    seed: int,
    report: Report,
    cancel: CancelToken,
) -> Sheet:
    """Measure a model's heads.

    Parameters
    ----------
    names : sequence of Question
        Sentences about two people whose answer is the one who receives something.
    tasks : sequence of Task
        For each a map is made, where the model knows the words.
    seed : int
        Of the random sequences.

    Raises
    ------
    SurgeryError
        If the model does not show its attention.
    Cancelled
        If the token was set.
    """
    info = loaded.info
    report("Attention to random sequences", None)
    scores = attention_scores(loaded, seed, cancel)
    report("Sentences about two names", None)
    told = sentences(asked(loaded, names)) if info.has_head else []
    left_out = dict.fromkeys(NAME_SCORES, NO_NAMES)
    if len(told) >= FEWEST:
        found, left_out = name_scores(loaded, told, cancel)
        scores |= found
    maps = []
    for number, task in enumerate(tasks):
        report(f"Silencing heads: {task.title}", number / len(tasks))
        questions = asked(loaded, task.questions)
        if len(questions) >= FEWEST:
            maps.append(silenced_map(loaded, task, questions, cancel))
            if task.key == NAMES:
                scores["names_when_silenced"] = maps[-1].d_logit_difference
    return Sheet(
        model=folder.name if (folder := Path(info.name)).is_dir() else info.name,
        fingerprint=loaded.identity.rpartition("@")[2].partition("/")[0],
        n_layers=info.n_layers,
        n_heads=info.n_heads,
        seed=seed,
        sequences=SEQUENCES,
        length=frame_of(loaded).length,
        sentences=len(told) if "io_attention" in scores else 0,
        scores=scores,
        labels=labels_of(scores),
        maps=tuple(maps),
        left_out=left_out,
    )
