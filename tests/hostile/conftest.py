"""What every hostile test needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.hostile._server import Answer, HostileServer

Serve = Callable[..., HostileServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts servers that answer by a script; they end with the test."""
    with ExitStack() as servers:

        def start(*script: Answer) -> HostileServer:
            return servers.enter_context(HostileServer(*script))

        yield start
