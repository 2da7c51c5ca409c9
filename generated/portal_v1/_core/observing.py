# Edited in overrides/package/_core/observing.py, from where `make generate` copies it.
"""Tells the log, and the observer that was given, how a call goes."""

from __future__ import annotations

import logging
from functools import cache
from typing import Any

from ..errors import APIConnectionError, APITimeoutError
from .call import Call
from .effects import RawResponse, TransportFailure
from .events import CallEvent

_logger = cache(logging.getLogger)


def start(call: Call[Any]) -> None:
    """Tell that a call starts, where somebody wants to know."""
    settings = call.settings
    call.is_observed = settings.observer is not None or _logger(
        settings.service.logger
    ).isEnabledFor(logging.DEBUG)
    if call.is_observed:
        call.started_at = settings.clock.monotonic()
        tell(call, "call_start")


def start_attempt(call: Call[Any]) -> None:
    """Tell that an attempt starts."""
    call.attempt_at = call.settings.clock.monotonic()
    call.status = call.request_id = call.size = None
    tell(call, "attempt_start")


def end_attempt(call: Call[Any], outcome: RawResponse | TransportFailure) -> None:
    """Tell how an attempt ended."""
    seconds = call.settings.clock.monotonic() - (call.attempt_at or 0.0)
    call.attempt_at = None
    if isinstance(outcome, TransportFailure):
        kind = APITimeoutError if outcome.timed_out else APIConnectionError
        error = {"error": kind.__name__, "reason": outcome.reason}
        tell(call, "attempt_end", seconds=seconds, **error)
    else:
        call.status, call.request_id = outcome.status, outcome.request_id
        call.size = len(outcome.content.reveal()) if outcome.chunks is None else None
        tell(call, "attempt_end", seconds=seconds)


def end(call: Call[Any], error: BaseException | None) -> None:
    """Tell that a call ended, and its attempt where it was broken off."""
    now = call.settings.clock.monotonic()
    # Nothing went wrong where the caller wants no more items of a list.
    name = None if error is None or isinstance(error, GeneratorExit) else type(error).__name__
    if call.attempt_at is not None:
        tell(call, "attempt_end", error=name, reason=name, seconds=now - call.attempt_at)
    tell(call, "call_end", error=name, seconds=now - call.started_at)


def tell(call: Call[Any], kind: Any, **facts: Any) -> None:
    """Tell the log and the observer of a step of a call."""
    operation, settings = call.operation, call.settings
    event = CallEvent(
        kind=kind,
        call_id=id(call),
        operation_id=operation.id,
        method=operation.method,
        path=operation.path,
        base_url=settings.base_url,
        attempt=call.attempts,
        status=call.status,
        size=call.size,
        request_id=call.request_id,
        **facts,
    )
    _log(_logger(settings.service.logger), event)
    if settings.observer is not None:
        settings.observer(event)


def _log(log: logging.Logger, event: CallEvent) -> None:
    about, seconds = (event.operation_id, event.attempt), event.seconds or 0.0
    if event.kind == "attempt_end":
        result = event.status or event.reason
        rest = (result, seconds * 1000, event.request_id)
        log.debug("%s attempt %d: %s in %.0f ms, request id %s", *about, *rest)
    elif event.kind == "pause" and event.reason is not None:
        text = "%s attempt %d failed: %s; trying again in %.2f s"
        log.warning(text, *about, event.reason, seconds)
