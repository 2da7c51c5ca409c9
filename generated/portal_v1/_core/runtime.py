# Edited in overrides/package/_core/runtime.py, from where `make generate` copies it.
"""What a pipeline does in its own way in a thread, and in a task of an event loop."""

from __future__ import annotations

import contextvars
import inspect
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from .._lazy import asyncio, futures, start_apart
from .._secrets import Secret
from ..errors import ConfigurationError
from .clock import Deadline
from .frames import is_of_a_signal
from .settings import KeySource, is_async, validate_key

_ORIGIN = "that the api_key callable returned"


def require_loop_async(name: str) -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        raise ConfigurationError(
            f"Async{name} runs in an event loop of asyncio, and none runs here. Elsewhere, under "
            f"trio for one, use {name} in a thread."
        ) from None


async def yield_async() -> None:
    """Let other tasks have their turn."""
    await asyncio.sleep(0)


def fetch_key_sync(source: KeySource, deadline: Deadline) -> Secret[str] | None:
    """Return the key that a source is or gives; None where it does not come in time."""
    if isinstance(source, Secret):
        return source
    asked = _ask_in_thread(source)
    futures.wait([asked], deadline.remaining())
    if not asked.done():
        return None
    returned = asked.result()
    if inspect.isawaitable(returned.reveal()):
        if inspect.iscoroutine(returned.reveal()):
            returned.reveal().close()
        raise ConfigurationError(
            "The api_key callable is async, which only the async client can ask."
        )
    return validate_key(returned, _ORIGIN)


async def fetch_key_async(source: KeySource, deadline: Deadline) -> Secret[str] | None:
    """Return the key that a source is or gives; None where it does not come in time."""
    if isinstance(source, Secret):
        return source
    try:
        async with asyncio.timeout(deadline.remaining()):
            if is_async(source):
                returned = Secret(source())
            else:
                returned = await asyncio.wrap_future(_ask_in_thread(source))
            if inspect.isawaitable(returned.reveal()):
                returned = await _await_source(returned)
    except TimeoutError:
        return None
    return validate_key(returned, _ORIGIN)


async def _await_source(returned: Secret[Awaitable[Any]]) -> Secret[Any]:
    try:
        return Secret(await returned.reveal())
    except Exception as error:
        # What strikes this very frame from outside is no failure of the callable.
        inner = error.__traceback__ and error.__traceback__.tb_next
        is_struck = inner is None and not asyncio.isfuture(returned.reveal())
        if is_struck or is_of_a_signal(error):
            raise
        raise _source_error(error) from error


def _ask_in_thread(source: Callable[[], Any]) -> futures.Future[Secret[Any]]:
    """Call what gives the key in a thread of its own, which may take longer than the call may."""
    asked: futures.Future[Secret[Any]] = futures.Future()
    asked.set_running_or_notify_cancel()

    def ask() -> None:
        try:
            asked.set_result(Secret(source()))
        except BaseException as error:  # noqa: BLE001 - raised again where the key is waited for
            asked.set_exception(_source_error(error))

    context = contextvars.copy_context()
    start_apart(partial(context.run, ask))
    return asked


def _source_error(error: BaseException) -> BaseException:
    """Return the error for what the callable raised; what a signal's handler raised stays."""
    if not isinstance(error, Exception) or is_of_a_signal(error):
        return error
    failure = ConfigurationError(
        f"The api_key callable raised {type(error).__name__}, so nothing was sent. "
        "What it raised is this error's cause."
    )
    failure.__cause__ = error
    return failure
