"""What every hostile test needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import anyio
import pytest

from tests.network._server import Answer, HostileServer

Serve = Callable[..., HostileServer]


@pytest.fixture(autouse=True, scope="session")
def _anyio_is_loaded() -> None:
    """What a first call imports is not what is measured here."""
    anyio.run(anyio.sleep, 0)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts servers that answer by a script; they end with the test."""
    with ExitStack() as servers:

        def start(*script: Answer) -> HostileServer:
            return servers.enter_context(HostileServer(*script))

        yield start
