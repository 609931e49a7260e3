"""The models in memory: opened, checked, held up to a budget, let go."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from core.errors import SurgeryError
from core.models.memory import (
    DoesNotFit,
    OutOfMemory,
    bytes_in,
    demands,
    free_bytes,
    pool_of,
    tidy_memory,
    total_bytes,
)
from core.models.progress import in_words
from core.models.shelf import Shelf
from core.runs.events import HeldModel, ModelsHeld, Precision

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.cancel import CancelToken
    from core.models.fingerprint import Stamp
    from core.models.loaded_model import LoadedModel
    from core.models.loading import Prepared
    from core.models.progress import Report
    from core.runs.events import CheckReport

SHARE = 0.5
SHARES = (0.1, 0.9)


@dataclass(frozen=True)
class Checked:
    """A model in memory and how its self-check ended."""

    loaded: LoadedModel
    check: CheckReport


class Holding:
    """Opens models and keeps them, the least recently used going first.

    Parameters
    ----------
    released : callable
        Told the identity of a model that was let go.
    """

    def __init__(self, released: Callable[[str], None]) -> None:
        self._share = SHARE
        self._forget = released
        self._prepared: dict[tuple[str, str, str], tuple[Prepared, Stamp]] = {}
        self.shelf: Shelf[Checked] = Shelf(self.budget, self._on_shelf_released)

    def budget(self, pool: str) -> int:
        """Return how many bytes models may take together in a memory."""
        return round(self._share * total_bytes(pool))

    def set_share(self, share: float) -> None:
        """Let models take another share of a device's memory, from `SHARES`' first to its last."""
        self._share = min(max(share, SHARES[0]), SHARES[1])
        self.shelf.tidy()

    def held(self, is_open: str | None) -> ModelsHeld:
        """Return what is held; ``is_open`` is the identity of the model that is operated on."""
        models = tuple(
            HeldModel(
                identity=identity,
                name=kept.thing.loaded.info.name,
                dtype=kept.thing.loaded.info.dtype,
                device=kept.thing.loaded.info.device,
                memory_bytes=kept.n_bytes,
                is_open=identity == is_open,
            )
            for identity, kept in self.shelf
        )
        pool = next((kept.pool for identity, kept in self.shelf if identity == is_open), "cpu")
        return ModelsHeld(models, self._share, self.budget(pool))

    def at_hand(self, name: str, device: str, dtype: str) -> Checked | None:
        """Return a model that was opened by these words and is still held, if no file of its checkpoint was touched."""
        from core.models.fingerprint import stamp

        prepared, before = self._prepared.get((name, device, dtype), (None, ()))
        if prepared is None or stamp(prepared.checkpoint) != before:
            return None
        return self.shelf.find(prepared.identity)

    def opened(self, name: str, device: str, dtype: str, report: Report, cancel: CancelToken) -> Checked:
        """Return a model that is held and passed its check, or open and check it; `keep` holds it from then on.

        Raises
        ------
        SurgeryError
            If it cannot be opened, or not be trusted.
        Cancelled
            If the token was set.
        """
        from core.models.fingerprint import stamp
        from core.models.loading import prepare_model

        prepared = prepare_model(name, device=device, dtype=dtype, report=report, cancel=cancel)
        self._prepared[name, device, dtype] = prepared, stamp(prepared.checkpoint)
        held = self.shelf.find(prepared.identity)
        if held is not None and held.check.passed:
            return held
        return self._checked(prepared, report, cancel)

    def keep(self, checked: Checked) -> None:
        """Hold a model as the most recently used."""
        info = checked.loaded.info
        self.shelf.put(checked.loaded.identity, checked, info.memory_bytes, pool_of(info.device))

    def clear(self) -> None:
        """Let all models go."""
        self.shelf.let_others_go()

    def _checked(self, prepared: Prepared, report: Report, cancel: CancelToken) -> Checked:
        from core.runs.acceptance import refuse_unverified
        from core.runs.self_check import self_check

        loaded = self._loaded(prepared, report, cancel)
        report("Checking the model", None)
        check = self_check(loaded, cancel)
        refuse_unverified(loaded.info, check)
        if prepared.dtype != "float32":
            check = replace(check, precision=self._precision(loaded, prepared, report, cancel))
        return Checked(loaded, check)

    def _loaded(self, prepared: Prepared, report: Report, cancel: CancelToken) -> LoadedModel:
        """Load a model; those held beside it go before it is given up."""
        from core.models.loading import load_prepared

        for needed, pool in demands(prepared.checkpoint, prepared.dtype, prepared.device):
            self.shelf.make_room(needed, pool, partial(free_bytes, pool))
        try:
            return load_prepared(prepared, report, cancel)
        except DoesNotFit:
            raise
        except OutOfMemory:
            if not self.shelf.let_others_go():
                raise
        return load_prepared(prepared, report, cancel)

    def _precision(self, half: LoadedModel, prepared: Prepared, report: Report, cancel: CancelToken) -> Precision:
        """Compare a model with itself in float32, where there is memory for both; nothing held is let go for it."""
        exact = replace(prepared, dtype="float32")
        needed, free = bytes_in(half.info.n_parameters, "float32"), free_bytes(pool_of(prepared.device))
        if self.shelf.find(exact.identity) is None and needed > free:
            why_not = f"In float32 it needs about {in_words(needed)}, but only {in_words(free)} are free."
            return Precision(dtype=prepared.dtype, why_not=why_not)
        try:
            return self._compared(half, exact, report, cancel)
        except SurgeryError as error:
            return Precision(dtype=prepared.dtype, why_not=error.message)
        finally:
            tidy_memory(prepared.device)

    def _compared(self, half: LoadedModel, exact: Prepared, report: Report, cancel: CancelToken) -> Precision:
        from core.models.loading import load_prepared
        from core.runs.precision import precision_of

        def told(_: str, fraction: float | None) -> None:
            report("Comparing with float32", fraction)

        held = self.shelf.find(exact.identity)
        return precision_of(half, load_prepared(exact, told, cancel) if held is None else held.loaded, cancel)

    def _on_shelf_released(self, identity: str) -> None:
        self._forget(identity)
        tidy_memory(identity.rpartition("/")[2])
