"""A session that needs no model."""

from __future__ import annotations

from core.sessions.edits import with_operation
from core.sessions.session import Session

SESSION = with_operation(Session(model="tiny", prompt="a"), "silence")
