# Made by `make generate` from openapi/portal-v1.yaml and overrides/templates/client.py.jinja.
"""The clients: settings, lifetime, and the resources.

Portal makes embedded MPC wallets. The backend of a company (the custodian) uses these
endpoints to register a client for each of its end users, to look clients up, to renew a
client's session token, and to log a client in on the web.

Every request carries a Portal API key. A key belongs to one environment, Development or
Production, and sees the clients of that environment only.

Portal gives 200 requests a minute for these paths.
"""

from __future__ import annotations

import copy
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    Awaitable,
    Callable,
    Generator,
    Iterable,
    Mapping,
)
from types import TracebackType
from typing import Any, Self, TypeVar

from . import _core, _http, resources
from ._core.call import CallEvent
from ._core.clock import Clock
from ._core.frames import FrameGuard
from ._core.pace import Pace
from ._core.settings import build_settings, replace_settings
from ._secrets import Secret
from ._service import SERVICE
from .types import UNSET, Outcome, Unset

_A = TypeVar("_A")
_T = TypeVar("_T")


class Portal:
    """A client of the Portal V1 custodian API.

    Threads may share it, and a forked process gets connections of its own. It can be used in a
    `with` block, or closed with `client.close()`.

    Args:
        api_key: The API key, or a callable that returns it, asked at each request so that the
            key can rotate; in a thread of its own. Without one, `PORTAL_API_KEY` is read from the environment.
        base_url: Where the API is. Without it, `PORTAL_BASE_URL` is read from the
            environment, and else it is https://api.portalhq.io/api/v1. It has to be https, but on this
            machine.
        timeout: Seconds that a whole call may take: waiting, connecting, every attempt, every
            pause, the last byte of the body. None for as long as it takes.
        connect_timeout: Seconds of these that making a connection may take.
        keepalive: Seconds after which an idle connection is not used any more, where the server does
            not say how long it keeps one (`Keep-Alive: timeout=N`). None for no end. What is not
            safe to repeat is sent over one that was idle for 4 seconds at the most, so that it is
            not lost to a server that is just hanging up. A given `http_client` goes by its own.
        max_attempts: How often a call is sent at the most. Only what is safe to repeat is
            repeated.
        pace: How fast to send, such as `Pace(200)` for 200 requests a minute.
        max_response_bytes: How large the body of an answer may be. None for 256 MiB of a list that
            is read whole and 16 MiB of any other answer; the body of an error may have 1 MiB.
        http_client: An `httpx.Client` to send with, for a proxy or certificates of your own. It
            stays yours to close. It is bounded read by read: only an answer's head that
            drips in can outlast `timeout` there.
        headers: Header fields to send with every request.
        observer: A function that is called with a `CallEvent` at each step of each call: when it
            starts, at each attempt's start and end, at each pause, and when it ends.

    Raises:
        ConfigurationError: One of these cannot be used, or the key is missing.
    """

    __slots__ = ("__weakref__", "_pipeline")

    _pipeline: _core.Pipeline

    def __init__(
        self,
        api_key: str | Callable[[], str] | None = None,
        *,
        base_url: str | None = None,
        timeout: float | None = 30.0,
        connect_timeout: float | None = 5.0,
        keepalive: float | None = 60.0,
        max_attempts: int = 3,
        pace: Pace | None = None,
        max_response_bytes: int | None = None,
        http_client: _http.httpx.Client | None = None,
        headers: Mapping[str, str] | None = None,
        observer: Callable[[CallEvent], object] | None = None,
    ) -> None:
        with FrameGuard():
            # Wrapped at once: a traceback with local variables is to show none of them.
            secrets: dict[str, Secret[Any]] = {"key": Secret(api_key), "base_url": Secret(base_url)}
            secrets |= {"headers": Secret(headers)}
            del api_key, base_url, headers
            settings = build_settings(
                SERVICE,
                **secrets,
                timeout=timeout,
                connect_timeout=connect_timeout,
                keepalive=keepalive,
                max_attempts=max_attempts,
                pace=pace,
                max_response_bytes=max_response_bytes,
                observer=observer,
            )
            self._pipeline = _core.Pipeline(
                settings, _http.Connection(settings.base_url, http_client)
            )

    @property
    def clients(self) -> resources.ClientsResource:
        """The custodian's clients, one for each end user."""
        return resources.ClientsResource(self)

    def with_options(
        self,
        *,
        api_key: str | Callable[[], str] | Unset = UNSET,
        timeout: float | Unset | None = UNSET,
        connect_timeout: float | Unset | None = UNSET,
        keepalive: float | Unset | None = UNSET,
        max_attempts: int | Unset = UNSET,
        pace: Pace | Unset | None = UNSET,
        max_response_bytes: int | Unset | None = UNSET,
        headers: Mapping[str, str] | Unset | None = UNSET,
        observer: Callable[[CallEvent], object] | Unset | None = UNSET,
        clock: Clock | Unset = UNSET,
    ) -> Self:
        """Return a changed copy over the same connections; this client stays as it is.

        The arguments are those of a new client; `headers` take the place of this client's, and
        `clock` is where time and jitter come from, for tests. The connections belong to this
        client: closing it ends the copy too, closing the copy ends only the copy.

        Raises:
            ConfigurationError: One of these cannot be used.
        """
        with FrameGuard():
            secrets: dict[str, Secret[Any]] = {"key": Secret(api_key), "headers": Secret(headers)}
            del api_key, headers
            settings = replace_settings(
                self._pipeline.settings,
                **secrets,
                timeout=timeout,
                connect_timeout=connect_timeout,
                keepalive=keepalive,
                max_attempts=max_attempts,
                pace=pace,
                max_response_bytes=max_response_bytes,
                observer=observer,
                clock=clock,
            )
        changed = copy.copy(self)
        changed._pipeline = self._pipeline.with_settings(settings)
        return changed

    def map(
        self,
        function: Callable[[_A], _T],
        arguments: Iterable[_A],
        *,
        concurrency: int = 10,
    ) -> Generator[Outcome[_A, _T], None, None]:
        """Call a function with each of many arguments, some at once.

        The outcomes come in the order of the arguments, which may be without an end: only twice
        as many as are called at once are taken ahead. Leaving early starts no more calls, and waits
        for those that are under way: that ends its threads.

        Args:
            function: A method of the client, or another function of one argument.
            arguments: What to call it with, one by one.
            concurrency: How many calls are made at once.

        Yields:
            The outcome of each call: its `value`, or its `error`.

        Raises:
            ConfigurationError: The client cannot be used.
        """
        return _core.map_in_threads(function, arguments, concurrency)

    def warm(self) -> None:
        """Open a connection ahead of the first call, TLS and proxy included.

        It is for start-up hooks, and takes no longer than `connect_timeout`. Where a connection is
        open already, nothing is done; nor is anything with a given `http_client`, which opens its
        connections itself, when the first call comes.

        Raises:
            APIConnectionError: The connection was not made.
            ConfigurationError: The client is closed, or cannot be used as it is set up.
        """
        self._pipeline.warm()

    def close(self) -> None:
        """Close the connections and take no more calls. Closing twice does no harm."""
        self._pipeline.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        # A traceback may show a client that its settings kept from being made.
        made = getattr(self, "_pipeline", None)
        return f"<{type(self).__name__} of {made.settings.base_url if made else None}>"


class AsyncPortal:
    """A client of the Portal V1 custodian API, for one event loop.

    The tasks of one event loop may share it; another event loop needs a client of its own. It
    can be used in an `async with` block, or closed with `await client.aclose()`.

    Args:
        api_key: The API key, or a callable that returns it, async or not, asked at each request so that the
            key can rotate; in a thread of its own where it is not async. Without one, `PORTAL_API_KEY` is read from the environment.
        base_url: Where the API is. Without it, `PORTAL_BASE_URL` is read from the
            environment, and else it is https://api.portalhq.io/api/v1. It has to be https, but on this
            machine.
        timeout: Seconds that a whole call may take: waiting, connecting, every attempt, every
            pause, the last byte of the body. None for as long as it takes.
        connect_timeout: Seconds of these that making a connection may take.
        keepalive: Seconds after which an idle connection is not used any more, where the server does
            not say how long it keeps one (`Keep-Alive: timeout=N`). None for no end. What is not
            safe to repeat is sent over one that was idle for 4 seconds at the most, so that it is
            not lost to a server that is just hanging up. A given `http_client` goes by its own.
        max_attempts: How often a call is sent at the most. Only what is safe to repeat is
            repeated.
        pace: How fast to send, such as `Pace(200)` for 200 requests a minute.
        max_response_bytes: How large the body of an answer may be. None for 256 MiB of a list that
            is read whole and 16 MiB of any other answer; the body of an error may have 1 MiB.
        http_client: An `httpx.AsyncClient` to send with, for a proxy or certificates of your own. It
            stays yours to close.
        headers: Header fields to send with every request.
        observer: A function that is called with a `CallEvent` at each step of each call: when it
            starts, at each attempt's start and end, at each pause, and when it ends.

    Raises:
        ConfigurationError: One of these cannot be used, or the key is missing.
    """

    __slots__ = ("__weakref__", "_pipeline")

    _pipeline: _core.AsyncPipeline

    def __init__(
        self,
        api_key: str | Callable[[], str] | Callable[[], Awaitable[str]] | None = None,
        *,
        base_url: str | None = None,
        timeout: float | None = 30.0,
        connect_timeout: float | None = 5.0,
        keepalive: float | None = 60.0,
        max_attempts: int = 3,
        pace: Pace | None = None,
        max_response_bytes: int | None = None,
        http_client: _http.httpx.AsyncClient | None = None,
        headers: Mapping[str, str] | None = None,
        observer: Callable[[CallEvent], object] | None = None,
    ) -> None:
        with FrameGuard():
            # Wrapped at once: a traceback with local variables is to show none of them.
            secrets: dict[str, Secret[Any]] = {"key": Secret(api_key), "base_url": Secret(base_url)}
            secrets |= {"headers": Secret(headers)}
            del api_key, base_url, headers
            settings = build_settings(
                SERVICE,
                **secrets,
                timeout=timeout,
                connect_timeout=connect_timeout,
                keepalive=keepalive,
                max_attempts=max_attempts,
                pace=pace,
                max_response_bytes=max_response_bytes,
                observer=observer,
            )
            self._pipeline = _core.AsyncPipeline(
                settings, _http.AsyncConnection(settings.base_url, http_client)
            )

    @property
    def clients(self) -> resources.AsyncClientsResource:
        """The custodian's clients, one for each end user."""
        return resources.AsyncClientsResource(self)

    def with_options(
        self,
        *,
        api_key: str | Callable[[], str] | Callable[[], Awaitable[str]] | Unset = UNSET,
        timeout: float | Unset | None = UNSET,
        connect_timeout: float | Unset | None = UNSET,
        keepalive: float | Unset | None = UNSET,
        max_attempts: int | Unset = UNSET,
        pace: Pace | Unset | None = UNSET,
        max_response_bytes: int | Unset | None = UNSET,
        headers: Mapping[str, str] | Unset | None = UNSET,
        observer: Callable[[CallEvent], object] | Unset | None = UNSET,
        clock: Clock | Unset = UNSET,
    ) -> Self:
        """Return a changed copy over the same connections; this client stays as it is.

        The arguments are those of a new client; `headers` take the place of this client's, and
        `clock` is where time and jitter come from, for tests. The connections belong to this
        client: closing it ends the copy too, closing the copy ends only the copy.

        Raises:
            ConfigurationError: One of these cannot be used.
        """
        with FrameGuard():
            secrets: dict[str, Secret[Any]] = {"key": Secret(api_key), "headers": Secret(headers)}
            del api_key, headers
            settings = replace_settings(
                self._pipeline.settings,
                **secrets,
                timeout=timeout,
                connect_timeout=connect_timeout,
                keepalive=keepalive,
                max_attempts=max_attempts,
                pace=pace,
                max_response_bytes=max_response_bytes,
                observer=observer,
                clock=clock,
            )
        changed = copy.copy(self)
        changed._pipeline = self._pipeline.with_settings(settings)
        return changed

    def map(
        self,
        function: Callable[[_A], Awaitable[_T]],
        arguments: Iterable[_A] | AsyncIterable[_A],
        *,
        concurrency: int = 10,
    ) -> AsyncGenerator[Outcome[_A, _T], None]:
        """Call a function with each of many arguments, some at once.

        The outcomes come in the order of the arguments, which may be without an end: only twice
        as many as are called at once are taken ahead. Close what you leave early (`aclosing`): that
        ends its tasks.

        Args:
            function: A method of the client, or another async function of one argument.
            arguments: What to call it with, one by one.
            concurrency: How many calls are made at once.

        Yields:
            The outcome of each call: its `value`, or its `error`.

        Raises:
            ConfigurationError: The client cannot be used.
        """
        return _core.map_in_tasks(function, arguments, concurrency, SERVICE.name)

    async def warm(self) -> None:
        """Open a connection ahead of the first call, TLS and proxy included.

        It is for start-up hooks, and takes no longer than `connect_timeout`. Where a connection is
        open already, nothing is done; nor is anything with a given `http_client`, which opens its
        connections itself, when the first call comes.

        Raises:
            APIConnectionError: The connection was not made.
            ConfigurationError: The client is closed, or cannot be used as it is set up.
        """
        await self._pipeline.warm()

    async def aclose(self) -> None:
        """Close the connections and take no more calls. Closing twice does no harm."""
        await self._pipeline.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        # A traceback may show a client that its settings kept from being made.
        made = getattr(self, "_pipeline", None)
        return f"<{type(self).__name__} of {made.settings.base_url if made else None}>"
