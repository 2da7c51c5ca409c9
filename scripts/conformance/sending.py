"""Calls of the generated client, sync and async, with what really went over the wire."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Final, Literal, NamedTuple, Protocol

import httpx

from .expressing import Call

Mode = Literal["sync", "async"]

SECONDS_A_CALL = 10.0
_BOUNDARY: Final = re.compile(rb"--[0-9a-f]{32}(?=\r\n|--)")


class Exchange(NamedTuple):
    """A request as it was sent, and the raw answer.

    Attributes:
        request: The request.
        answer: The answer, whole; None where none came.
    """

    request: httpx.Request
    answer: httpx.Response | None = None


@dataclass(frozen=True)
class Outcome:
    """What a call came to.

    Attributes:
        call: The call.
        exchanges: What was sent for it, in order: more than one where the client repeated it.
        parsed: What the client returned.
        error: What it raised instead.
    """

    call: Call
    exchanges: tuple[Exchange, ...]
    parsed: Any = field(default=None, repr=False)
    error: Exception | None = None


class Caller(Protocol):
    """Carries calls out through the client."""

    def send(self, call: Call, *, max_attempts: int = 1) -> Outcome:
        """Carry one call out."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


class Digest:
    """A fingerprint of everything that was sent, to tell two runs apart."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.count = 0

    def add(self, method: str, target: str, authorization: str, body: bytes) -> None:
        """Add one request.

        What divides the parts of a multipart body is drawn anew each time, so it is left out.
        """
        boundary = _BOUNDARY.match(body)
        if boundary is not None:
            body = body.replace(boundary[0], b"--")
        for part in (method, target, authorization, len(body)):
            self._hash.update(str(part).encode("utf-8", "backslashreplace") + b"\0")
        self._hash.update(body)
        self.count += 1

    def __str__(self) -> str:
        return self._hash.hexdigest()[:16]


def caller(package: ModuleType, base_url: str, mode: Mode, clock: Any = None) -> Caller:
    """Return what calls the package's client of this kind at a server.

    Args:
        package: The generated package.
        base_url: Where the server is.
        mode: Which of the clients calls.
        clock: Where the client's pauses come from; by default they take real time.
    """
    kind = SyncCaller if mode == "sync" else AsyncCaller
    return kind(package, base_url, clock)


def client_classes(package: ModuleType) -> tuple[type, type]:
    """Return the package's sync and async client classes."""
    name = package.client.SERVICE.name
    return getattr(package, name), getattr(package, f"Async{name}")


class _Clients:
    """One client a key, made when it is first needed: they share the connections."""

    _client_class: type
    _base_url: str
    _http: Any
    _clock: Any
    _clients: dict[str, Any]

    def _client(self, key: str) -> Any:
        if key not in self._clients:
            client = self._client_class(
                key, base_url=self._base_url, http_client=self._http, timeout=SECONDS_A_CALL
            )
            self._clients[key] = client.with_options(clock=self._clock) if self._clock else client
        return self._clients[key]


class SyncCaller(_Clients):
    """Calls the sync client."""

    def __init__(self, package: ModuleType, base_url: str, clock: Any) -> None:
        self._exchanges: list[Exchange] = []
        self._http = httpx.Client(transport=_Recording(self._exchanges), trust_env=False)
        self._client_class = client_classes(package)[0]
        self._base_url = base_url
        self._clock = clock
        self._clients: dict[str, Any] = {}

    def send(self, call: Call, *, max_attempts: int = 1) -> Outcome:
        """Carry one call out."""
        self._exchanges.clear()
        try:
            client = self._client(call.key)
            parsed = self._carry_out(client, call, max_attempts)
        except Exception as error:  # noqa: BLE001 - what the client raises is what is tested
            return Outcome(call, tuple(self._exchanges), error=error)
        return Outcome(call, tuple(self._exchanges), parsed=parsed)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _carry_out(self, client: Any, call: Call, max_attempts: int) -> Any:
        endpoint, arguments = call.endpoint, {**call.arguments, "max_attempts": max_attempts}
        if call.face == "function":
            return endpoint.module.sync_detailed(client=client, **arguments).parsed
        resource = getattr(client, endpoint.resource)
        if call.face == "items":
            return list(getattr(resource, endpoint.items_method)(**arguments))
        return getattr(resource, endpoint.resource_method)(**arguments)


class AsyncCaller(_Clients):
    """Calls the async client, all in one event loop."""

    def __init__(self, package: ModuleType, base_url: str, clock: Any) -> None:
        self._exchanges: list[Exchange] = []
        self._http = httpx.AsyncClient(transport=_AsyncRecording(self._exchanges), trust_env=False)
        self._client_class = client_classes(package)[1]
        self._base_url = base_url
        self._clock = clock
        self._clients: dict[str, Any] = {}
        self._runner = asyncio.Runner()

    def send(self, call: Call, *, max_attempts: int = 1) -> Outcome:
        """Carry one call out."""
        self._exchanges.clear()
        try:
            parsed = self._runner.run(self._carry_out(call, max_attempts))
        except Exception as error:  # noqa: BLE001 - what the client raises is what is tested
            return Outcome(call, tuple(self._exchanges), error=error)
        return Outcome(call, tuple(self._exchanges), parsed=parsed)

    def close(self) -> None:
        """Close the connections and the event loop."""
        self._runner.run(self._http.aclose())
        self._runner.close()

    async def _carry_out(self, call: Call, max_attempts: int) -> Any:
        client = self._client(call.key)
        endpoint, arguments = call.endpoint, {**call.arguments, "max_attempts": max_attempts}
        if call.face == "function":
            return (await endpoint.module.asyncio_detailed(client=client, **arguments)).parsed
        resource = getattr(client, endpoint.resource)
        if call.face == "items":
            return [one async for one in getattr(resource, endpoint.items_method)(**arguments)]
        return await getattr(resource, endpoint.resource_method)(**arguments)


class _Recording(httpx.BaseTransport):
    """Sends by httpx's own transport and keeps the exchange."""

    def __init__(self, exchanges: list[Exchange]) -> None:
        self._inner = httpx.HTTPTransport()
        self._exchanges = exchanges

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        request.read()
        self._exchanges.append(Exchange(request))
        answer = self._inner.handle_request(request)
        content = b"".join(_sync(answer))
        answer.close()
        self._exchanges[-1] = Exchange(request, _whole(answer, content, request))
        return _whole(answer, content, request)

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


class _AsyncRecording(httpx.AsyncBaseTransport):
    """As `_Recording`, for an event loop."""

    def __init__(self, exchanges: list[Exchange]) -> None:
        self._inner = httpx.AsyncHTTPTransport()
        self._exchanges = exchanges

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        await request.aread()
        self._exchanges.append(Exchange(request))
        answer = await self._inner.handle_async_request(request)
        content = b"".join([chunk async for chunk in _async(answer)])
        await answer.aclose()
        self._exchanges[-1] = Exchange(request, _whole(answer, content, request))
        return _whole(answer, content, request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


def _sync(answer: httpx.Response) -> Iterator[bytes]:
    if isinstance(answer.stream, httpx.SyncByteStream):
        yield from answer.stream


async def _async(answer: httpx.Response) -> AsyncIterator[bytes]:
    if isinstance(answer.stream, httpx.AsyncByteStream):
        async for chunk in answer.stream:
            yield chunk


def _whole(answer: httpx.Response, content: bytes, request: httpx.Request) -> httpx.Response:
    return httpx.Response(
        answer.status_code,
        headers=answer.headers,
        content=content,
        request=request,
        extensions=answer.extensions,
    )
