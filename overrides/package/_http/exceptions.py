"""What httpx's exceptions mean: what happened, and whether the server may have acted."""

from __future__ import annotations

import re
import sys
import traceback

from .._core.clock import Deadline
from .._core.effects import TransportFailure
from ..errors import ConfigurationError
from .attempt import Attempt
from .library import Library

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

_PACKAGE = __name__.removesuffix("_http.exceptions")

# What an HTTP library is made of: exceptions of these packages are the network's as well.
_LIBRARIES = {"httpx", "httpx2", "httpcore", "httpcore2", "h11", "h2", "anyio", "socksio"}


def from_exception(
    error: Exception, library: Library, attempt: Attempt, deadline: Deadline, *, own: bool
) -> TransportFailure:
    """Return what an exception of the library means.

    Raises:
        Exception: `error` itself: it is the caller's own, as a signal's handler raises one.
    """
    known = own or attempt.traced
    for name, reason in _REASONS.items():
        for module in (library.httpx, library.httpcore):
            kind = getattr(module, name, None)
            if kind is not None and isinstance(error, kind):
                timed_out = name.endswith("Timeout")
                detail = "" if timed_out else _detail(error)
                return TransportFailure(
                    reason + detail + _within(deadline, timed_out=timed_out),
                    timed_out=timed_out,
                    maybe_processed=attempt.sent if known else name not in _BEFORE_SENDING,
                )
    if not own and isinstance(error, TimeoutError):
        # `asyncio.timeout` around a client that was given.
        return deadline_exceeded(deadline, maybe_processed=attempt.sent or not known)
    from_below = not own and (isinstance(error, OSError | UnicodeError) or _lacks_thread(error))
    if isinstance(error, ConfigurationError) or not (from_below or _is_of_library(error)):
        raise error
    return TransportFailure(
        f"sending failed{_detail(error)}",
        timed_out=False,
        maybe_processed=attempt.sent or not known,
    )


def build_failed(error: Exception) -> TransportFailure:
    """Return the failure of a request that the library would not even build.

    Raises:
        ConfigurationError: The base URL's host can be no host's name.
        Exception: `error` itself, where it comes from the caller's code.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    module: str = "" if trace is None else trace.tb_frame.f_globals.get("__name__", "")
    if isinstance(error, UnicodeError) and module.partition(".")[0] == "idna":
        raise ConfigurationError(
            f"the base URL's host is not a host's name{_detail(error)}. Check the base URL."
        ) from None
    known = {*_LIBRARIES, *sys.stdlib_module_names}
    if not module.startswith(_PACKAGE) and module.partition(".")[0] not in known:
        raise error
    return TransportFailure(
        f"the request cannot be sent{_detail(error)}", timed_out=False, maybe_processed=False
    )


def deadline_exceeded(deadline: Deadline, *, maybe_processed: bool = True) -> TransportFailure:
    """Return the failure of an answer that was still coming when time was up."""
    return TransportFailure(
        _REASONS["ReadTimeout"] + _within(deadline, timed_out=True),
        timed_out=True,
        maybe_processed=maybe_processed,
    )


def _lacks_thread(error: Exception) -> bool:
    """Return whether no thread could be started beneath the library, to resolve a name in."""
    modules = [
        frame.f_globals.get("__name__", "").partition(".")[0]
        for frame, _ in traceback.walk_tb(error.__traceback__)
    ]
    while _LIBRARIES.intersection(modules):
        del modules[0]
    by_asyncio = modules[:1] == ["asyncio"] and "concurrent" in modules
    return by_asyncio and isinstance(error, RuntimeError)


def _is_of_library(error: Exception) -> bool:
    return any(kind.__module__.partition(".")[0] in _LIBRARIES for kind in type(error).__mro__)


def _detail(error: Exception) -> str:
    # Where h11 quotes what the server sent, that may hold anything: a token, the key sent back.
    said = re.split(r"(?:bytearray\()?b['\"]", str(error), maxsplit=1)[0].rstrip(" :(")
    text = "".join(c if c.isprintable() else " " for c in said).strip().rstrip(".")
    return f" ({type(error).__name__}: {text[:300]})" if text else f" ({type(error).__name__})"


def _within(deadline: Deadline, *, timed_out: bool) -> str:
    if not timed_out or deadline.budget is None or deadline.remaining():
        return ""
    return f"; the call's {deadline.budget:g} s are over"
