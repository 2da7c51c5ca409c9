"""What exceptions beneath a call mean: what happened, and whether the server may have acted."""

from __future__ import annotations

import re
import sys
import traceback

from .._core.call import TransportFailure
from ..errors import ConfigurationError
from .attempt import Attempt

_BEFORE_SENDING = {
    "ConnectError": "the connection was not made",
    "ConnectTimeout": "the connection was not made in time",
    "PoolTimeout": "no connection became free in time",
    "ProxyError": "the proxy did not connect to the server",
    "UnsupportedProtocol": "the URL is of a kind that cannot be sent to",
    "InvalidURL": "the URL is not one",
    "LocalProtocolError": "the request cannot be sent as HTTP",
}
_REASONS = _BEFORE_SENDING | {
    "WriteError": "the connection broke while the request was sent",
    "WriteTimeout": "the request was not sent in time",
    "ReadError": "the connection broke before the answer was whole",
    "ReadTimeout": "the answer was not whole in time",
    "RemoteProtocolError": "what the server sent is not an HTTP answer, or not the whole of one",
    "DecodingError": "the answer's compression is broken",
}

# What an HTTP library is made of: exceptions of these packages are the network's as well.
_LIBRARIES = {"httpx", "httpx2", "httpcore", "httpcore2", "h11", "h2", "anyio", "socksio", "idna"}


def from_exception(error: Exception, attempt: Attempt, *, own: bool) -> TransportFailure:
    """Return what an exception means that came while an attempt was made.

    Raises:
        Exception: `error` itself: it is the caller's own, as a signal's handler raises one.
    """
    known = own or attempt.traced
    kinds = [kind.__name__ for kind in type(error).__mro__ if _root(kind.__module__) in _LIBRARIES]
    if not own and isinstance(error, TimeoutError):
        kinds.append("ReadTimeout")  # of `asyncio.timeout` around a client that was given
    name = next((kind for kind in kinds if kind in _REASONS), None)
    if name is not None:
        timed_out = name.endswith("Timeout")
        deadline, over = attempt.deadline, ""
        if timed_out and deadline.budget is not None and not deadline.remaining():
            over = f"; the call's {deadline.budget:g} s are over"
        return TransportFailure(
            _REASONS[name] + (over if timed_out else _detail(error)),
            timed_out=timed_out,
            maybe_processed=attempt.sent if known else name not in _BEFORE_SENDING,
        )
    if kinds or (not own and (isinstance(error, OSError | UnicodeError) or _lacks_thread(error))):
        return TransportFailure(
            f"sending failed{_detail(error)}",
            timed_out=False,
            maybe_processed=attempt.sent or not known,
        )
    raise error


def build_failed(error: Exception) -> TransportFailure:
    """Return the failure of a request that the library would not even build.

    Raises:
        ConfigurationError: The base URL's host can be no host's name.
        Exception: `error` itself, where it comes from the caller's code.
    """
    root = _roots(error)[-1]
    if root == "idna":
        raise ConfigurationError(
            f"The base URL's host is no host's name{_detail(error)}."
        ) from None
    if root not in {*_LIBRARIES, *sys.stdlib_module_names}:
        raise error
    return TransportFailure(
        f"the request cannot be sent{_detail(error)}", timed_out=False, maybe_processed=False
    )


def _lacks_thread(error: Exception) -> bool:
    """Return whether no thread could be started beneath the library, to resolve a name in."""
    roots = _roots(error)
    while _LIBRARIES.intersection(roots):
        del roots[0]
    return isinstance(error, RuntimeError) and roots[:1] == ["asyncio"] and "concurrent" in roots


def _roots(error: Exception) -> list[str]:
    """Return the packages that an exception came through, down to where it was raised."""
    frames = traceback.walk_tb(error.__traceback__)
    return [_root(str(frame.f_globals.get("__name__", ""))) for frame, _ in frames]


def _root(module: str) -> str:
    return module.partition(".")[0]


def _detail(error: Exception) -> str:
    # Where h11 quotes what the server sent, that may hold anything: a token, the key sent back.
    said = re.split(r"(?:bytearray\()?b['\"]", str(error), maxsplit=1)[0].rstrip(" :(")
    text = "".join(c if c.isprintable() else " " for c in said).strip().rstrip(".")
    return f" ({type(error).__name__}: {text[:300]})" if text else f" ({type(error).__name__})"
