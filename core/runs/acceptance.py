"""Whether a model that nobody has described may be operated on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import SurgeryError

if TYPE_CHECKING:
    from core.models.info import ModelInfo
    from core.runs.events import CheckReport


def refuse_unverified(info: ModelInfo, report: CheckReport) -> None:
    """Refuse a model whose table was found by looking at it and that fails its self-check.

    Of a described family a failure is told and the user decides; here nothing else speaks for the table.

    Raises
    ------
    SurgeryError
        Naming the line that failed first.
    """
    if info.detected and report.failures:
        failed = report.failures[0]
        raise SurgeryError(
            f"{info.name} is of the family {info.family!r}, which is not described here, and what was found by "
            f"looking at its network fails the self-check at {failed.name!r}: {failed.text}",
            "Choose a model of a family that is described.",
        )
