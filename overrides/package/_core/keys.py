"""Where the key comes from, at each request anew: it may rotate."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable
from typing import Any

from .._secrets import Secret
from ..errors import ConfigurationError
from .settings import Settings, validate_key

_ORIGIN = "that the api_key callable returned"


def fetch_key(settings: Settings) -> Secret[str]:
    """Return the key.

    Raises:
        ConfigurationError: There is none, the callable raised, or what it returned is no key.
    """
    if settings.key is not None and not callable(settings.key):
        return settings.key
    returned = _call_source(settings)
    if inspect.isawaitable(returned.reveal()):
        if inspect.iscoroutine(returned.reveal()):
            returned.reveal().close()
        raise ConfigurationError(
            "The api_key callable is async, which only the async client can ask."
        )
    return validate_key(returned, _ORIGIN)


async def fetch_key_async(settings: Settings) -> Secret[str]:
    """Return the key, awaiting it where the callable is async.

    Raises:
        ConfigurationError: There is none, the callable raised, or what it returned is no key.
    """
    if settings.key is not None and not callable(settings.key):
        return settings.key
    returned = _call_source(settings)
    if inspect.isawaitable(returned.reveal()):
        returned = await _await_source(returned)
    return validate_key(returned, _ORIGIN)


def _call_source(settings: Settings) -> Secret[Any]:
    if not callable(settings.key):
        raise ConfigurationError(
            "This operation needs an API key. Pass api_key=, or set "
            f"{settings.service.key_variable}."
        )
    try:
        return Secret(settings.key())
    except Exception as error:
        raise _source_error(error) from error


async def _await_source(returned: Secret[Awaitable[Any]]) -> Secret[Any]:
    try:
        return Secret(await returned.reveal())
    except Exception as error:
        raise _source_error(error) from error


def _source_error(error: Exception) -> ConfigurationError:
    return ConfigurationError(
        f"The api_key callable raised {type(error).__name__}, so nothing was sent. "
        "What it raised is this error's cause."
    )
