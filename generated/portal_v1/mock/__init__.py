# Made by `make generate` from openapi/portal-v1.yaml and overrides/templates/mock_init.py.jinja.
"""A mock of the API for tests and development: stateful, and checked against the document.

`MockPortal` is used in-process (`.client()`, `.async_client()`), over TCP (`.serve()`),
or as a program (`python -m` this package). It needs the extra `mock` (jsonschema-rs).
"""

from __future__ import annotations

from typing import Any

from .._http import httpx
from ..client import AsyncPortal, Portal
from ._clock import MockClock
from ._errors import (
    DocumentError,
    FaultError,
    MockDependencyError,
    MockError,
    ServeError,
    StateError,
)
from ._faults import Fault
from ._journal import Entry
from ._kinds import KINDS as FAULTS
from ._messages import Answer
from ._mock import Mock, Snapshot
from ._server import MockServer

__all__ = [
    "FAULTS",
    "Answer",
    "DocumentError",
    "Entry",
    "Fault",
    "FaultError",
    "Mock",
    "MockClock",
    "MockDependencyError",
    "MockError",
    "MockPortal",
    "MockServer",
    "ServeError",
    "Snapshot",
    "StateError",
]


class MockPortal(Mock):
    """The mock, with clients of its own. Its arguments are those of `Mock`."""

    def client(self, api_key: str = "mock-api-key", **options: Any) -> Portal:
        """A client that talks to the mock in-process. Nothing opens a socket.

        Args:
            api_key: The key to send; each is a custodian of its own.
            **options: Further options of `Portal`.
        """
        options.setdefault("base_url", self.base_url)
        options.setdefault("http_client", httpx.Client(transport=self.transport()))
        return Portal(api_key, **options)

    def async_client(self, api_key: str = "mock-api-key", **options: Any) -> AsyncPortal:
        """The same, asynchronous.

        Args:
            api_key: The key to send; each is a custodian of its own.
            **options: Further options of `AsyncPortal`.
        """
        options.setdefault("base_url", self.base_url)
        options.setdefault("http_client", httpx.AsyncClient(transport=self.async_transport()))
        return AsyncPortal(api_key, **options)
