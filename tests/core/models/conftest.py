"""What only these tests share: the stand-in for the hub."""

from tests.fixtures.hub_server import hub, hub_server

__all__ = ["hub", "hub_server"]
