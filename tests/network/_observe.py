"""Meets one operation with one fault and writes down what the caller and the server see."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import socket
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from portal_v1 import AsyncPortal, Portal, PortalError
from portal_v1.testing import ManualClock

from tests.network._faults import Fault
from tests.network._operations import BASE_PATH, Operation
from tests.network._server import HOST, HostileServer, Recorded, full_backlog, nobody

KEY = "key-of-the-tests"
MODES = ("sync", "async")
UNKNOWN_HOST = "unknown.localhost"


class Observation(NamedTuple):
    """What came of a call."""

    error: BaseException | None
    requests: list[Recorded]
    received: bytes
    pauses: list[float]
    backoffs: list[float]
    connections: int
    port: int

    @property
    def outcome(self) -> str:
        """In one line, for the table."""
        if self.error is None:
            return "the documented answer"
        assert isinstance(self.error, PortalError)
        name = type(self.error).__name__
        sent = {1: "once"}.get(self.error.attempts, f"{self.error.attempts} times")
        maybe = "maybe" if self.error.maybe_processed else "not"
        return f"`{name}`, {sent}, {maybe} processed"


def call(
    operation: Operation, mode: str, url: str, clock: ManualClock, **options: float | None
) -> object:
    """Call an operation through a new client, sync or async."""
    if mode == "sync":
        with Portal(KEY, base_url=url, **options) as portal:  # type: ignore[arg-type]
            return operation.call(portal.with_options(clock=clock))

    async def calling() -> object:
        async with AsyncPortal(KEY, base_url=url, **options) as portal:  # type: ignore[arg-type]
            return await operation.call_async(portal.with_options(clock=clock))

    return asyncio.run(calling())


def call_often(operation: Operation, mode: str, url: str, times: int, pause: float) -> list[Any]:
    """Call an operation again and again through one client, with a pause after each call."""
    if mode == "sync":
        with Portal(KEY, base_url=url) as portal:
            results = []
            for _ in range(times):
                results.append(operation.call(portal))
                time.sleep(pause)
            return results

    async def calling() -> list[Any]:
        async with AsyncPortal(KEY, base_url=url) as portal:
            results: list[Any] = []
            for _ in range(times):
                results.append(await operation.call_async(portal))
                await asyncio.sleep(pause)
            return results

    return asyncio.run(calling())


@functools.cache
def observe(fault: Fault, operation: Operation, mode: str) -> Observation:
    """Let a fault happen to a call. The same is not done twice."""
    clock = ManualClock()
    error = None
    with _target(fault, operation) as (host, port, server):
        try:
            call(
                operation,
                mode,
                f"{fault.scheme}://{host}:{port}{BASE_PATH}",
                clock,
                timeout=fault.timeout,
                connect_timeout=fault.connect_timeout,
            )
        except Exception as raised:  # noqa: BLE001 - which one it is, is the question
            error = raised
        if server is not None:
            server.settle()
    return Observation(
        error,
        [] if server is None else server.requests,
        b"" if server is None else server.received,
        clock.pauses,
        clock.backoffs,
        0 if server is None else len(server.peers),
        port,
    )


@contextlib.contextmanager
def _target(fault: Fault, operation: Operation) -> Iterator[tuple[str, int, HostileServer | None]]:
    if fault.connects == "server":
        with HostileServer(fault.answer(operation)) as server:
            yield HOST, server.port, server
    elif fault.connects == "unknown":
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(socket, "getaddrinfo", _unknown)
            yield UNKNOWN_HOST, 80, None
    else:
        with nobody() if fault.connects == "nobody" else full_backlog() as port:
            yield HOST, port, None


def _unknown(*_: object, **__: object) -> object:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
