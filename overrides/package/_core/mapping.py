"""A call for each of many arguments, only so many of them at once."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Final, TypeVar

from .. import errors
from .._lazy import asyncio
from ..types import Outcome
from .runtime import require_loop_async
from .settings import is_count

A = TypeVar("A")
T = TypeVar("T")

# A client that cannot be used is no matter of one argument.
_FAILURES: Final = (
    *(errors.APIConnectionError, errors.APIStatusError),
    *(errors.InvalidRequestError, errors.InvalidResponseError),
)


def map_in_threads(
    function: Callable[[A], T], arguments: Iterable[A], concurrency: int
) -> Generator[Outcome[A, T], None, None]:
    """Yield the outcomes; the threads end with the generator."""

    def call(argument: A) -> Outcome[A, T]:
        try:
            return Outcome(argument, value=function(argument))
        except _FAILURES as error:
            return Outcome(argument, error=error)

    pending: deque[Future[Outcome[A, T]]] = deque()
    _check(concurrency)
    threads = ThreadPoolExecutor(concurrency, thread_name_prefix="map")
    try:
        for argument in arguments:
            pending.append(threads.submit(copy_context().run, call, argument))
            while pending and (len(pending) >= 2 * concurrency or pending[0].done()):
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        threads.shutdown(cancel_futures=True)


async def map_in_tasks(
    function: Callable[[A], Awaitable[T]],
    arguments: Iterable[A] | AsyncIterable[A],
    concurrency: int,
    client_name: str,
) -> AsyncGenerator[Outcome[A, T], None]:
    """Yield the outcomes; the tasks end with the generator."""

    async def call(argument: A) -> Outcome[A, T]:
        async with limit:
            try:
                return Outcome(argument, value=await function(argument))
            except _FAILURES as error:
                return Outcome(argument, error=error)

    pending: deque[asyncio.Task[Outcome[A, T]]] = deque()
    _check(concurrency)
    require_loop_async(client_name)
    limit = asyncio.Semaphore(concurrency)
    try:
        async for argument in _each(arguments):
            pending.append(asyncio.create_task(call(argument)))
            while pending and (len(pending) >= 2 * concurrency or pending[0].done()):
                await asyncio.wait([pending[0]])
                yield pending.popleft().result()
        while pending:
            await asyncio.wait([pending[0]])
            yield pending.popleft().result()
    finally:
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)


def _check(concurrency: object) -> None:
    if not is_count(concurrency):
        raise errors.ConfigurationError("concurrency is a whole number from 1.")


async def _each(arguments: Iterable[A] | AsyncIterable[A]) -> AsyncGenerator[A, None]:
    if isinstance(arguments, AsyncIterable):
        async for argument in arguments:
            yield argument
    else:
        for argument in arguments:
            yield argument
