# Edited in overrides/package/_core/keys.py, from where `make generate` copies it.
"""Where the key comes from, at each request anew: it may rotate."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable
from typing import Any

from ..errors import ConfigurationError
from .secrets import Secret
from .settings import Settings, checked_key

_ORIGIN = "that the api_key callable returned"


def ask(settings: Settings) -> Secret[str]:
    """Return the key.

    Raises:
        ConfigurationError: There is none, the callable raised, or what it returned is no key.
    """
    if settings.key is not None and not callable(settings.key):
        return settings.key
    returned = _called(settings)
    if inspect.isawaitable(returned.reveal()):
        if inspect.iscoroutine(returned.reveal()):
            returned.reveal().close()
        raise ConfigurationError(
            "The api_key callable is async, which only the async client can ask."
        )
    return checked_key(returned, _ORIGIN)


async def ask_async(settings: Settings) -> Secret[str]:
    """Return the key, awaiting it where the callable is async.

    Raises:
        ConfigurationError: There is none, the callable raised, or what it returned is no key.
    """
    if settings.key is not None and not callable(settings.key):
        return settings.key
    returned = _called(settings)
    if inspect.isawaitable(returned.reveal()):
        returned = await _awaited(returned)
    return checked_key(returned, _ORIGIN)


def _called(settings: Settings) -> Secret[Any]:
    if not callable(settings.key):
        raise ConfigurationError(
            "This operation needs an API key. Pass api_key=, or set "
            f"{settings.service.key_variable}."
        )
    try:
        return Secret(settings.key())
    except Exception as error:
        raise _raised(error) from error


async def _awaited(returned: Secret[Awaitable[Any]]) -> Secret[Any]:
    try:
        return Secret(await returned.reveal())
    except Exception as error:
        raise _raised(error) from error


def _raised(error: Exception) -> ConfigurationError:
    return ConfigurationError(
        f"The api_key callable raised {type(error).__name__}, so nothing was sent. "
        "What it raised is this error's cause."
    )
