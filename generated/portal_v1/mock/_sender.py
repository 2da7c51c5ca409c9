# Edited in overrides/package/mock/_sender.py, from where `make generate` copies it.
"""Sends an answer that takes its time, or breaks off."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

import h11

from ._delivery import pieces_of
from ._messages import Answer, Cut

_UNREAD_SECONDS = 0.05  # until a reset, for the client to have what was sent before it
_GARBAGE = b"NOT-HTTP/9.9 what is this\r\n\r\n"

_log = logging.getLogger(__name__)


class Wire(Protocol):
    """A connection, as the sender of an answer needs it."""

    may_write: bool

    def write(self, data: bytes) -> None: ...

    def send(self, *events: h11.Event) -> None: ...

    def send_head(self, answer: Answer, length: int | None) -> None: ...

    def sent(self) -> None: ...

    def close_now(self) -> None: ...

    def reset(self) -> None: ...


class Sender:
    """Sends one answer: when its time has come, as fast as the client reads.

    Args:
        wire: The connection. Its `sent` is called when the answer is out.
        answer: What to send.
        without_body: Whether only the head is sent.
    """

    def __init__(self, wire: Wire, answer: Answer, *, without_body: bool) -> None:
        self._wire = wire
        self._answer = answer
        self._without_body = without_body
        self._pieces = pieces_of(answer)
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._after(answer.delivery.delay if answer.delivery else 0, self._begin)

    def go_on(self) -> None:
        """Called when the client has caught up."""
        if self._timer is None:
            self._next()

    def stop(self) -> None:
        """Called when the client is gone."""
        if self._timer is not None:
            self._timer.cancel()

    def _begin(self) -> None:
        match self._answer.delivery.cut if self._answer.delivery else None:
            case Cut.RESET:
                self._wire.reset()
            case Cut.EMPTY:
                self._wire.close_now()
            case Cut.GARBAGE:
                self._wire.write(_GARBAGE)
                self._wire.close_now()
            case _:
                self._wire.send_head(self._answer, self._pieces.length)
                if self._without_body:
                    self._end()
                else:
                    self._next()

    def _next(self) -> None:
        self._timer = None
        if not self._wire.may_write:
            return
        try:
            piece = next(self._pieces.pieces, None)
        except Exception:  # noqa: BLE001 - the head is out: all that can be done is to break off
            _log.exception("The mock failed in the middle of an answer")
            self._wire.reset()
            return
        if piece is None:
            self._end()
            return
        if piece:
            self._wire.send(h11.Data(data=piece))
        self._after(self._pieces.pause, self._next)

    def _end(self) -> None:
        match self._pieces.cut:
            case Cut.RESET_IN_BODY:
                self._after(_UNREAD_SECONDS, self._wire.reset)
            case Cut.TRUNCATED:
                self._wire.close_now()
            case _:
                self._wire.send(h11.EndOfMessage())
                self._wire.sent()

    def _after(self, seconds: float, call: Callable[[], None]) -> None:
        self._timer = self._loop.call_later(seconds, call)
