"""One file per operation, each with one ``OPERATION``."""

from core.interventions.operation import Operation
from core.registry import Registry, discover

OPERATIONS: Registry[Operation] = Registry("operation")
discover(__name__, "OPERATION", OPERATIONS)


def ordered() -> tuple[Operation, ...]:
    """Return all operations in the order of the screen."""
    return tuple(sorted(OPERATIONS, key=lambda operation: operation.order))
