"""The two loops that carry a call's steps out: one waits, the other awaits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing, closing
from typing import Any, TypeVar

from attrs import evolve

from .._secrets import Secret
from ..errors import ConfigurationError
from ..types import Response, Unset
from .call import CallFlow, Success, call, read
from .deadline import Deadline
from .effects import (
    AsyncSender,
    FetchKey,
    Pause,
    RawResponse,
    Sender,
    SendRequest,
    TransportFailure,
)
from .items import ItemReader
from .keys import fetch_key, fetch_key_async
from .operation import ListOperation, Operation, Request
from .settings import Settings, validate_attempts, validate_timeout

T = TypeVar("T")
ItemT = TypeVar("ItemT")


class _Common:
    """What both pipelines know."""

    def __init__(
        self, settings: Settings, connection: Sender | AsyncSender, *, shared: bool
    ) -> None:
        self.settings = settings
        self._closed = False
        self._owner = connection
        self._shared = shared

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.settings.base_url!r})"

    def _start_call(
        self, timeout: float | Unset | None, max_attempts: int | Unset
    ) -> tuple[Settings, Deadline]:
        settings = self.settings
        if self._closed or self._owner.closed:
            raise ConfigurationError(
                f"This {settings.service.name} client is closed. Make a new one, or close it later."
            )
        if not isinstance(timeout, Unset):
            settings = evolve(settings, timeout=validate_timeout(timeout, "timeout"))
        if not isinstance(max_attempts, Unset):
            settings = evolve(settings, max_attempts=validate_attempts(max_attempts))
        return settings, Deadline(settings.timeout, settings.clock)


class Pipeline(_Common):
    """Carries calls out over a connection.

    Args:
        settings: What the client is set up with.
        connection: What sends.
        shared: Whether the connection belongs to another pipeline, which closes it.
    """

    def __init__(self, settings: Settings, connection: Sender, *, shared: bool = False) -> None:
        super().__init__(settings, connection, shared=shared)
        self._connection = connection

    def with_settings(self, settings: Settings) -> Pipeline:
        """Return a pipeline of other settings over the same connection."""
        return Pipeline(settings, self._connection, shared=True)

    def close(self) -> None:
        """Take no more calls; close the connection too, unless it is shared."""
        self._closed = True
        if not self._shared:
            self._connection.close()

    def run(
        self,
        operation: Operation[T],
        request: Request,
        *,
        timeout: float | Unset | None,
        max_attempts: int | Unset,
    ) -> Response[T]:
        """Carry one call out and return its answer.

        Raises:
            the package's errors, and no other.
        """
        settings, deadline = self._start_call(timeout, max_attempts)
        return read(operation, self._drive(call(operation, request, settings, deadline), settings))

    def iterate(
        self,
        operation: ListOperation[Any, ItemT],
        request: Request,
        *,
        timeout: float | Unset | None,
        max_attempts: int | Unset,
    ) -> Generator[ItemT, None, None]:
        """Carry one call out and yield the items of its answer while it arrives.

        The time that the caller spends between items is not counted.

        Raises:
            the package's errors, and no other.
        """
        settings, deadline = self._start_call(timeout, max_attempts)
        steps = call(operation, request, settings, deadline, stream=True)
        success = self._drive(steps, settings)
        chunks = success.received.chunks
        items = ItemReader(operation, success)
        with closing(chunks):
            for chunk in chunks:
                for item in items.feed(chunk):
                    left_at = settings.clock.monotonic()
                    yield item
                    deadline.extend(settings.clock.monotonic() - left_at)
            yield from items.end()

    def _drive(self, steps: CallFlow[Success], settings: Settings) -> Success:
        outcome: Secret[str] | RawResponse | TransportFailure | None = None
        while True:
            try:
                effect = steps.send(outcome)
            except StopIteration as done:
                success: Success = done.value
                return success
            match effect:
                case SendRequest():
                    outcome = self._connection.send(effect)
                case Pause():
                    settings.clock.sleep(effect.seconds)
                    outcome = None
                case FetchKey():
                    outcome = fetch_key(settings)


class AsyncPipeline(_Common):
    """Carries calls out over an async connection.

    Args:
        settings: What the client is set up with.
        connection: What sends.
        shared: Whether the connection belongs to another pipeline, which closes it.
    """

    def __init__(
        self, settings: Settings, connection: AsyncSender, *, shared: bool = False
    ) -> None:
        super().__init__(settings, connection, shared=shared)
        self._connection = connection

    def with_settings(self, settings: Settings) -> AsyncPipeline:
        """Return a pipeline of other settings over the same connection."""
        return AsyncPipeline(settings, self._connection, shared=True)

    async def close(self) -> None:
        """Take no more calls; close the connection too, unless it is shared."""
        self._closed = True
        if not self._shared:
            await self._connection.close()

    async def run(
        self,
        operation: Operation[T],
        request: Request,
        *,
        timeout: float | Unset | None,
        max_attempts: int | Unset,
    ) -> Response[T]:
        """Carry one call out and return its answer.

        Raises:
            the package's errors, and no other.
        """
        settings, deadline = self._start_call(timeout, max_attempts)
        steps = call(operation, request, settings, deadline)
        return read(operation, await self._drive(steps, settings))

    async def iterate(
        self,
        operation: ListOperation[Any, ItemT],
        request: Request,
        *,
        timeout: float | Unset | None,
        max_attempts: int | Unset,
    ) -> AsyncGenerator[ItemT, None]:
        """Carry one call out and yield the items of its answer while it arrives.

        The time that the caller spends between items is not counted.

        Raises:
            the package's errors, and no other.
        """
        settings, deadline = self._start_call(timeout, max_attempts)
        steps = call(operation, request, settings, deadline, stream=True)
        success = await self._drive(steps, settings)
        chunks = success.received.chunks_async
        items = ItemReader(operation, success)
        async with aclosing(chunks):
            async for chunk in chunks:
                for item in items.feed(chunk):
                    left_at = settings.clock.monotonic()
                    yield item
                    deadline.extend(settings.clock.monotonic() - left_at)
            for item in items.end():
                yield item

    async def _drive(self, steps: CallFlow[Success], settings: Settings) -> Success:
        outcome: Secret[str] | RawResponse | TransportFailure | None = None
        while True:
            try:
                effect = steps.send(outcome)
            except StopIteration as done:
                success: Success = done.value
                return success
            match effect:
                case SendRequest():
                    outcome = await self._connection.send(effect)
                case Pause():
                    await settings.clock.sleep_async(effect.seconds)
                    outcome = None
                case FetchKey():
                    outcome = await self._ask(settings, effect.deadline)

    async def _ask(self, settings: Settings, deadline: Deadline) -> Secret[str] | None:
        try:
            async with asyncio.timeout(deadline.remaining()):
                return await fetch_key_async(settings)
        except TimeoutError:
            return None
