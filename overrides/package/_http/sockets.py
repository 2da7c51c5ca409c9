"""What connections of threads and of event loops share: addresses, and the system's exceptions."""

from __future__ import annotations

from typing import Any

from ..errors import ConfigurationError
from .library import httpcore

Address = tuple[str, int]


def translate(error: OSError, timed_out: type[Exception], broken: type[Exception]) -> Exception:
    """Return what to raise for an exception that a call of the system raised.

    Raises:
        error: A signal's handler raised it during the call: it is the caller's own.
    """
    if error.__traceback__ is not None and error.__traceback__.tb_next is not None:
        raise error
    kind = timed_out if isinstance(error, TimeoutError) else broken
    return kind(str(error))


def to_addresses(found: list[Any]) -> list[Address]:
    return list(dict.fromkeys((str(entry[4][0]), int(entry[4][1])) for entry in found))


def validate_host(host: str) -> None:
    """Check that a host can have this name."""
    for label in host.removesuffix(".").split("."):
        if not 0 < len(label) < 64 or label == "xn--":
            raise ConfigurationError(
                f"{host[:100]} is not a host's name: each of its parts has 1 to 63 characters. "
                "Check the base URL and the proxy."
            )


def not_resolved(host: str, error: BaseException) -> Exception:
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    failure: Exception = httpcore.ConnectError(f"{host} was not resolved: {reason}")
    return failure
