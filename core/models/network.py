"""Loading the weights of a checkpoint into the network of its family."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from core.errors import Cancelled, SurgeryError
from core.models.completeness import has_head_weights, in_head, refuse_missing, refuse_unused
from core.models.configuration import attention_of, configuration_for
from core.models.memory import OutOfMemory, is_out_of_memory, tidy_memory

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from core.cancel import CancelToken
    from core.models.architecture import Architecture
    from core.models.checkpoint import Checkpoint
    from core.models.progress import Report


def import_library(architecture: Architecture) -> None:
    """Import the family's classes, which takes seconds, and keep the library silent."""
    import transformers

    silence_library()
    for name in (architecture.language_model_class, architecture.backbone_class):
        if name is not None:
            getattr(transformers, name)


def silence_library() -> None:
    """Keep the library's log lines and bars off the screen; what matters in them is raised instead."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()


def load_network(
    checkpoint: Checkpoint,
    architecture: Architecture,
    dtype: str,
    device: str,
    report: Report,
    cancel: CancelToken,
    *,
    spread: bool = False,
) -> tuple[PreTrainedModel, bool]:
    """Return the network, ready and frozen, and whether it has its language-model head.

    The head is left out where the checkpoint has not a single weight for it: the library would
    fill it with random numbers.

    Parameters
    ----------
    spread : bool
        Whether the blocks are shared out among the GPUs and the main memory, by accelerate.

    Raises
    ------
    SurgeryError
        If weights are missing, of another shape or without a place, or memory runs out.
    """
    with _told(report, cancel), _failures_in_words(checkpoint, dtype, device):
        network: PreTrainedModel | None = None
        saved_bare = checkpoint.architectures == (architecture.backbone_class,)
        with_head = architecture.language_model_class
        where = {"device_map": "auto"} if spread else {}
        if with_head is not None and (not saved_bare or has_head_weights(checkpoint, architecture)):
            network, found = _load(checkpoint, with_head, dtype, where)
            missing = found["missing_keys"]
            if missing and _may_be_headless(checkpoint, architecture):
                missing = {key for key in missing if not in_head(key, architecture)}
                network = None  # freed before the second try
            refuse_missing(checkpoint, missing)
        has_head = network is not None
        if network is None:
            options = architecture.backbone_options | where
            network, found = _load(checkpoint, architecture.backbone_class, dtype, options)
            refuse_missing(checkpoint, found["missing_keys"])
        refuse_unused(architecture, network, found["unexpected_keys"], has_head)
        placed = network if spread else network.to(device)
        return placed.eval().requires_grad_(False), has_head


def _load(
    checkpoint: Checkpoint, class_name: str, dtype: str, options: dict[str, Any]
) -> tuple[PreTrainedModel, dict[str, set[str]]]:
    """Return a network and what the library found, by kind, when it compared names and shapes."""
    import torch
    import transformers

    # The concrete class: the automatic ones can be told by a checkpoint which code to run.
    network_class = getattr(transformers, class_name)
    network, found = network_class.from_pretrained(
        checkpoint.folder,
        config=configuration_for(checkpoint.config, network_class),
        attn_implementation=attention_of(network_class),
        generation_config=transformers.GenerationConfig(),  # given, so that none is looked for
        dtype=getattr(torch, dtype),
        use_safetensors=checkpoint.weights.safetensors,
        weights_only=True,
        trust_remote_code=False,
        local_files_only=True,
        # Reported below in one sentence instead of a table in the log.
        ignore_mismatched_sizes=True,
        output_loading_info=True,
        **options,
    )
    mismatched = sorted(found["mismatched_keys"])
    if mismatched:
        key, there, expected = mismatched[0]
        raise SurgeryError(
            f"The weights {key!r} have the shape {_shape(there)} but config.json asks for {_shape(expected)}.",
            "The config.json belongs to another model, or the weights do.",
        )
    return network, found


def _may_be_headless(checkpoint: Checkpoint, architecture: Architecture) -> bool:
    """Return whether the absence of a head can be meant, and is no damage.

    Encoders are often passed on under the name of the class they were trained in; of a causal
    language model nothing is left without its head.
    """
    if architecture.objective == "causal" and architecture.language_model_class in checkpoint.architectures:
        return False
    return not has_head_weights(checkpoint, architecture)


def _shape(sizes: Iterable[int]) -> str:
    return " x ".join(map(str, sizes)) or "one number"


@contextmanager
def _failures_in_words(checkpoint: Checkpoint, dtype: str, device: str) -> Iterator[None]:
    """Turn whatever the libraries raise while they load a foreign file into one sentence."""
    try:
        yield
    except (SurgeryError, Cancelled):
        raise
    except Exception as error:  # what a broken checkpoint provokes in the libraries has no common class
        if is_out_of_memory(error):
            _let_go(error, device)
            raise OutOfMemory(
                f"The memory of {device} ran out while the model was loaded in {dtype}.",
                "Close other programs, or choose a smaller dtype, another device or a smaller model.",
            ) from None
        if isinstance(error, pickle.UnpicklingError) or isinstance(error.__cause__, pickle.UnpicklingError):
            raise SurgeryError(
                f"The weights in {checkpoint.folder} hold more than numbers and were not opened.",
                "A file like this can run programs; get the model as safetensors.",
            ) from error
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise SurgeryError(
            f"The checkpoint {checkpoint.folder} cannot be loaded: {first_line}",
            "Its config.json may not fit its weights, or a file may be damaged.",
        ) from error


def _let_go(error: Exception, device: str) -> None:
    """Free the half-loaded network, which the frames of the error keep alive."""
    import traceback

    traceback.clear_frames(error.__traceback__)
    tidy_memory(device)


class _Watched:
    """Stands in for the library's progress bar: reports each item and stops when asked to."""

    def __init__(self, items: Iterable[Any], total: int, report: Report, cancel: CancelToken) -> None:
        self._items, self._total, self._report, self._cancel = items, total, report, cancel

    def __iter__(self) -> Iterator[Any]:
        for done, item in enumerate(self._items):
            self._cancel.check()
            self._report("Loading weights", done / self._total)
            yield item

    def __getattr__(self, _: str) -> Callable[..., None]:
        return lambda *_args, **_kwargs: None


@contextmanager
def _told(report: Report, cancel: CancelToken) -> Iterator[None]:
    """Have the library's loop over the weights report, and stop when asked to."""
    from transformers.utils import logging

    def hook(factory: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        items = args[0] if args else kwargs.get("iterable")
        if kwargs.get("desc") != "Loading weights" or items is None:
            return factory(*args, **kwargs)
        return _Watched(items, max(1, len(items)), report, cancel)

    previous = logging.set_tqdm_hook(hook)
    try:
        yield
    finally:
        logging.set_tqdm_hook(previous)
