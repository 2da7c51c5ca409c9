# Edited in overrides/package/_core/_async/pipeline.py, of which `make generate` makes this sync twin.
"""Carries a call out: waits where it has to wait, and sends over a connection."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, NoReturn, TypeVar

from ..._secrets import Secret
from ...errors import ConfigurationError
from ...types import UNSET, Response, Unset
from .. import attempts
from ..call import Call, Chunks, RawResponse
from ..clock import Deadline
from ..failures import refuse_unreadable, warm_error
from ..frames import FrameGuard
from ..operation import Credential, ListOperation, Operation, Request
from ..responses import LARGEST_ITEM, ItemReader, build_response, is_long_list, read_response
from ..runtime import fetch_key_sync
from ..settings import Settings, replace_settings

T = TypeVar("T")
ItemT = TypeVar("ItemT")


class Pipeline:
    """Carries calls out over a connection of `_http`; a `shared` one is another's to close."""

    def __init__(self, settings: Settings, connection: Any, *, shared: bool = False) -> None:
        self.settings = settings
        self._connection = connection
        self._shared = shared
        self._closed = False

    def __deepcopy__(self, memo: dict[int, Any]) -> Pipeline:
        return self

    def __reduce__(self) -> NoReturn:
        name = self.settings.service.name
        raise TypeError(f"A client of {name} holds connections: make one in each process.")

    def with_settings(self, settings: Settings) -> Pipeline:
        return Pipeline(settings, self._connection, shared=True)

    def close(self) -> None:
        """Take no more calls; close the connection too, unless it is shared."""
        self._closed = True
        if not self._shared:
            self._connection.close()

    def warm(self) -> None:
        with FrameGuard():
            self._require_open()
            settings = self.settings
            times = filter(None, (settings.timeout, settings.connect_timeout))
            deadline = Deadline(min(times, default=None), settings.clock)
            failure = self._connection.warm(deadline, settings.keepalive)
            if failure is not None:
                raise warm_error(failure)

    def run(self, operation: Operation[T], request: Request, **options: Any) -> Response[T]:
        with FrameGuard() as guard:
            call = self._start_call(guard, operation, request, **options)
            received = self._send(call)
            refuse_unreadable(call, received)
            if not is_long_list(call, received):
                return read_response(call, received)
            items: Any = []
            reader: ItemReader[Any] = ItemReader(call, received)
            for part in reader.split(received.content):
                items += reader.feed(part)
            items += reader.feed(Secret(b""), last=True)
            reader.check()
            return build_response(call, received, items)

    def iterate(
        self, operation: ListOperation[Any, ItemT], request: Request, **options: Any
    ) -> Generator[ItemT, None, None]:
        """Carry one call out and yield the items of its response while it arrives.

        The time that the caller spends between items is not counted.
        """
        with FrameGuard() as guard:
            call = self._start_call(guard, operation, request, **options)
            call.stream = True
            received = self._send(call)
            reader: ItemReader[ItemT] = ItemReader(call, received, LARGEST_ITEM)
            clock = call.settings.clock
            chunks: Chunks = received.chunks
            try:
                refuse_unreadable(call, received)
                for chunk in chunks:
                    for part in reader.split(chunk):
                        items = reader.feed(part)
                        left_at = clock.monotonic()
                        for item in items:
                            yield item
                        call.deadline.extend(clock.monotonic() - left_at)
                for item in reader.feed(Secret(b""), last=True):
                    yield item
                reader.check()
            finally:
                chunks.close()

    def _start_call(
        self,
        guard: FrameGuard,
        operation: Operation[T],
        request: Request,
        *,
        timeout: float | Unset | None,
        max_attempts: int | Unset,
        headers: Mapping[str, str] | None = None,
    ) -> Call[T]:
        self._require_open()
        settings = self.settings
        if timeout is not UNSET or max_attempts is not UNSET:
            settings = replace_settings(settings, timeout=timeout, max_attempts=max_attempts)
        if headers is not None:
            settings = settings.with_headers(headers)
        deadline = Deadline(settings.timeout, settings.clock)
        call = Call(
            operation=operation,
            request=request,
            settings=settings,
            deadline=deadline,
            is_closed=self._is_closed,
        )
        call.start()
        if call.is_observed:
            guard.on_exit = call.end
        return call

    def _require_open(self) -> None:
        name = self.settings.service.name
        if self._is_closed():
            raise ConfigurationError(
                f"This {name} client, or the http_client that it was given, is closed. "
                "Make a new one, or close it later."
            )

    def _is_closed(self) -> bool:
        closed: bool = self._closed or self._connection.closed
        return closed

    def _send(self, call: Call[Any]) -> RawResponse:
        attempts.prepare(call)
        sleep = call.settings.clock.sleep
        while True:
            for seconds in attempts.keep_pace(call):
                sleep(seconds)
            keys: dict[Credential, Any] = {}
            for wanted, source in attempts.find_keys(call):
                keys[wanted] = fetch_key_sync(source, call.deadline)
            attempts.start_attempt(call, keys)
            verdict = attempts.judge(call, self._connection.send(call))
            if isinstance(verdict, RawResponse):
                return verdict
            sleep(verdict)
