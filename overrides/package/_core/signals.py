"""Which exceptions are the caller's own."""

from __future__ import annotations

import traceback

from .._lazy import signal


def is_of_a_signal(error: Exception) -> bool:
    """Return whether a signal's handler raised it, amid anything: it is the caller's own."""
    handlers = (signal.getsignal(number) for number in signal.valid_signals())
    codes = {getattr(handler, "__code__", None) for handler in handlers}
    return any(frame.f_code in codes for frame, _ in traceback.walk_tb(error.__traceback__))
