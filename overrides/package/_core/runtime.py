"""What a pipeline does in its own way in a thread, and in a task of an event loop."""

from __future__ import annotations

import contextvars
import inspect
import queue
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from .._lazy import asyncio
from .._secrets import Secret
from ..errors import ConfigurationError
from .clock import Clock
from .deadline import Deadline
from .settings import Settings, validate_key
from .signals import is_of_a_signal

_ORIGIN = "that the api_key callable returned"


def has_loop_sync() -> bool:
    """Return True: a thread needs no event loop."""
    return True


def has_loop_async() -> bool:
    """Return whether an event loop of asyncio runs in this thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def require_loop_sync(name: str) -> None:
    """Do nothing: a thread needs no event loop."""


def require_loop_async(name: str) -> None:
    """Check that an event loop of asyncio runs.

    Raises:
        ConfigurationError: None does.
    """
    if not has_loop_async():
        raise ConfigurationError(
            f"Async{name} runs in an event loop of asyncio, and none runs here. Elsewhere, under "
            f"trio for one, use {name} in a thread."
        )


def pause_sync(clock: Clock, seconds: float) -> None:
    """Wait for `seconds`."""
    clock.sleep(seconds)


async def pause_async(clock: Clock, seconds: float) -> None:
    """Wait for `seconds` without holding up the event loop."""
    await clock.sleep_async(seconds)


def yield_sync() -> None:
    """Do nothing: threads take turns by themselves."""


async def yield_async() -> None:
    """Give the other tasks their turn."""
    await asyncio.sleep(0)


def fetch_key_sync(settings: Settings, deadline: Deadline) -> Secret[str] | None:
    """Return the key; None where it does not come in time.

    Raises:
        ConfigurationError: There is none, the callable raised, or what it returned is no key.
    """
    if not callable(settings.key):
        return _given_key(settings)
    answers: queue.SimpleQueue[Secret[Any] | BaseException] = queue.SimpleQueue()
    _call_in_thread(settings.key, answers.put)
    try:
        answer = answers.get(timeout=deadline.remaining())
    except queue.Empty:
        return None
    returned = _returned(answer)
    if inspect.isawaitable(returned.reveal()):
        if inspect.iscoroutine(returned.reveal()):
            returned.reveal().close()
        raise ConfigurationError(
            "The api_key callable is async, which only the async client can ask."
        )
    return validate_key(returned, _ORIGIN)


async def fetch_key_async(settings: Settings, deadline: Deadline) -> Secret[str] | None:
    """Return the key; None where it does not come in time.

    Raises:
        ConfigurationError: There is none, the callable raised, or what it returned is no key.
    """
    if not callable(settings.key):
        return _given_key(settings)
    try:
        async with asyncio.timeout(deadline.remaining()):
            returned = await _ask(settings.key)
    except TimeoutError:
        return None
    return validate_key(returned, _ORIGIN)


async def _ask(source: Callable[[], Any]) -> Secret[Any]:
    if inspect.iscoroutinefunction(source) or inspect.iscoroutinefunction(
        getattr(source, "__call__", None)  # noqa: B004 - an object whose call is async
    ):
        return await _await_source(Secret(source()))
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Secret[Any] | BaseException] = loop.create_future()

    def settle(outcome: Secret[Any] | BaseException) -> None:
        if not answer.done():  # nobody waits any longer
            answer.set_result(outcome)

    def hand_over(outcome: Secret[Any] | BaseException) -> None:
        with suppress(RuntimeError):  # the event loop is closed by now
            loop.call_soon_threadsafe(settle, outcome)

    _call_in_thread(source, hand_over)
    returned = _returned(await answer)
    return await _await_source(returned) if inspect.isawaitable(returned.reveal()) else returned


async def _await_source(returned: Secret[Awaitable[Any]]) -> Secret[Any]:
    try:
        return Secret(await returned.reveal())
    except Exception as error:
        if is_of_a_signal(error):
            raise
        raise _source_error(error) from error


def _given_key(settings: Settings) -> Secret[str]:
    if settings.key is not None and not callable(settings.key):
        return settings.key
    raise ConfigurationError(
        f"This operation needs an API key. Pass api_key=, or set {settings.service.key_variable}."
    )


def _call_in_thread(
    source: Callable[[], Any], hand_over: Callable[[Secret[Any] | BaseException], None]
) -> None:
    """Call what gives the key in a thread of its own, which may take longer than the call may."""

    def work() -> None:
        hand_over(_try(source))

    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(work,), name="api_key", daemon=True)
    try:
        thread.start()
    except RuntimeError:
        # No more threads are to be had, so it is called here.
        work()


def _try(source: Callable[[], Any]) -> Secret[Any] | BaseException:
    try:
        return Secret(source())
    except BaseException as error:  # noqa: BLE001 - raised again where the key is waited for
        return error


def _returned(outcome: Secret[Any] | BaseException) -> Secret[Any]:
    if isinstance(outcome, Secret):
        return outcome
    if isinstance(outcome, Exception) and not is_of_a_signal(outcome):
        raise _source_error(outcome) from outcome
    raise outcome


def _source_error(error: Exception) -> ConfigurationError:
    return ConfigurationError(
        f"The api_key callable raised {type(error).__name__}, so nothing was sent. "
        "What it raised is this error's cause."
    )
