# Made by `make generate` from openapi/portal-v1.yaml and overrides/templates/mock_init.py.jinja.
"""A mock of the API for tests and development: stateful, and checked against the document.

`MockPortal` is used in-process (`.client()`, `.async_client()`), over TCP (`.serve()`),
or as a program (`python -m` this package). It needs the extra `mock` (jsonschema-rs).
"""

from __future__ import annotations

from typing import Any

from .._http import httpx
from ..client import AsyncPortal, Portal
from ._clock import ClientClock, MockClock
from ._faces import MockServer
from ._faults import FAULTS, Fault, FaultName
from ._journal import Entry
from ._messages import (
    Answer,
    DocumentError,
    FaultError,
    MockDependencyError,
    MockError,
    ServeError,
    StateError,
)
from ._mock import Mock, Snapshot
from ._schemas import Rule

__all__ = [
    "FAULTS",
    "Answer",
    "DocumentError",
    "Entry",
    "Fault",
    "FaultError",
    "FaultName",
    "Mock",
    "MockClock",
    "MockDependencyError",
    "MockError",
    "MockPortal",
    "MockServer",
    "Rule",
    "ServeError",
    "Snapshot",
    "StateError",
]


class MockPortal(Mock):
    """The mock, with clients of its own. Its arguments are those of `Mock`."""

    def client(self, api_key: str = "mock-api-key", **options: Any) -> Portal:
        """A client that talks to the mock in-process. Nothing opens a socket.

        Its pauses between attempts take no time: they move the mock's clock on instead.

        Args:
            api_key: The key to send; each is a custodian of its own.
            **options: Further options of `Portal`.
        """
        http_client = httpx.Client(transport=self.transport(), trust_env=False)
        options = {"base_url": self.base_url, "http_client": http_client, **options}
        return Portal(api_key, **options).with_options(clock=ClientClock(self.clock))

    def async_client(self, api_key: str = "mock-api-key", **options: Any) -> AsyncPortal:
        """The same, asynchronous."""
        http_client = httpx.AsyncClient(transport=self.async_transport(), trust_env=False)
        options = {"base_url": self.base_url, "http_client": http_client, **options}
        client = AsyncPortal(api_key, **options)
        return client.with_options(clock=ClientClock(self.clock))
