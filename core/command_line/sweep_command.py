"""``sweep``: one operation at many places, each on its own, answered as JSON or as a table."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING, Any

from core.command_line.running import BY_OPTION, heed, opened_models, out_file, session_to_run, write_answer, writing
from core.command_line.sweep_options import add_sweep_options, check_answer, spec_of
from core.command_line.sweep_progress import shown
from core.errors import Cancelled, SurgeryError
from core.interventions.notation import format_cut
from core.runs.result import OVERFLOWED_HINT
from core.sessions.session import patching_words

if TYPE_CHECKING:
    from core.runs.sweep_request import Method, SweepRequest
    from core.runs.sweep_result import SavedCells, SweepResult
    from core.sessions.session import Session
    from core.sessions.sweep_spec import SweepSpec

SAVED_EVERY = 1.0
OVERFLOWED = "Some cells overflowed: their hidden states are no numbers any more."


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("sweep", help="run an operation at every place of a kind, each on its own")
    add_sweep_options(parser)
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Sweep and write the answer."""
    spec = spec_of(options)
    check_answer(options)
    options.cut = [format_cut(spec.example())]  # what one cell takes from, all do
    session = session_to_run(options)
    kept = _Kept(options)
    result = _result(options, session, spec, kept)
    if not result.finite:
        sys.stderr.write(f"{OVERFLOWED} {OVERFLOWED_HINT}\n")
    if options.bf16:
        sys.stderr.write(f"{result.remarks[-1]}\n")
    _write(options, session, result)
    kept.discard()
    return 0


class _Kept:
    """What is done of a sweep, beside the file that its answer goes to."""

    def __init__(self, options: argparse.Namespace) -> None:
        out = out_file(options)
        self._path = None if out is None or options.screen else out.with_name(f"{out.name}.partial")
        self._resume = options.resume
        self._last = time.perf_counter()
        self._unsaved: SweepResult | None = None

    def earlier(self, request: SweepRequest) -> SavedCells | None:
        """Return what was kept of a request, where it is to be resumed."""
        from core.runs.sweep_file import saved_cells

        return saved_cells(request, self._path) if self._resume and self._path is not None else None

    def keep(self, result: SweepResult) -> None:
        """Keep what is done, at most once a second."""
        self._unsaved = result
        if time.perf_counter() - self._last >= SAVED_EVERY:
            self.save()

    def save(self) -> None:
        """Write what is done."""
        from core.runs.sweep_file import save_cells

        if self._path is None or self._unsaved is None:
            return
        with writing(self._path):
            save_cells(self._unsaved, self._path)
        self._unsaved, self._last = None, time.perf_counter()

    def interrupted(self) -> None:
        """Write what is done, and say how to go on."""
        self.save()
        if self._path is not None and self._path.exists():
            sys.stderr.write(f"What is done is kept in {self._path}: go on with --resume.\n")

    def discard(self) -> None:
        """Take the file away: the answer is written."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def _result(options: argparse.Namespace, session: Session, spec: SweepSpec, kept: _Kept) -> SweepResult:
    from core.cancel import CancelToken
    from core.runs.cache import RunCache
    from core.runs.events import Resolved
    from core.runs.sweep_result import SweepFinished, SweepPart, SweepStarted
    from core.sessions.sweep_session import sweep_session

    loaded, donor = opened_models(options, session)
    method: Method = "screen" if options.screen else "exact"
    events = sweep_session(loaded, session, spec, RunCache(), CancelToken(), donor, method=method, earlier=kept.earlier)
    result: SweepResult | None = None
    try:
        with shown() as progress:
            for event in events:
                progress.tell(event)
                if isinstance(event, Resolved):
                    heed(session, event.notes)
                elif isinstance(event, SweepStarted | SweepFinished):
                    result = event.result
                elif isinstance(event, SweepPart) and result is not None:
                    result = result.with_part(event)
                    kept.keep(result)
    except (Cancelled, KeyboardInterrupt):
        kept.interrupted()
        raise
    except SurgeryError as error:
        raise SurgeryError(error.message, BY_OPTION.get(error.hint, error.hint)) from error
    assert result is not None and result.is_complete
    return result


def _write(options: argparse.Namespace, session: Session, result: SweepResult) -> None:
    from core.runs.sweep_answer import as_csv, sweep_answer, write_parquet

    out = out_file(options)
    ending = "" if out is None else out.suffix.lower()
    if out is None or ending == ".json":
        write_answer(options, sweep_answer(result, patching_words(session)))
    elif ending == ".csv":
        with writing(out):
            out.write_text(as_csv(result), encoding="utf-8", newline="")
    else:
        with writing(out):
            write_parquet(result, out)
