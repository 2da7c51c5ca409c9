from __future__ import annotations

import email.utils

import pytest
from portal_v1 import APIStatusError, APITimeoutError, PortalError, RateLimitError
from portal_v1.testing import ManualClock

from tests.network._cases import each_mode, each_operation
from tests.network._faults import FAULTS, Fault
from tests.network._observe import call, call_often, observe
from tests.network._operations import AGAIN, ONCE, OPERATIONS, Operation
from tests.network._server import CLOSED, Answer, Peer, head, raw, reply
from tests.network.conftest import Serve

each_fault = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)

NOW = 1_750_000_000.0


@each_mode
@each_operation
@each_fault
def test_what_is_sent_again_and_what_is_told(fault: Fault, operation: Operation, mode: str) -> None:
    seen = observe(fault, operation, mode)
    times = fault.times(operation)
    if fault.error is None:
        assert seen.error is None
        assert len(seen.requests) == 1
        assert seen.pauses == []
        return
    assert isinstance(seen.error, PortalError)
    assert type(seen.error).__name__ == fault.error
    assert seen.error.operation_id == operation.id
    assert seen.error.attempts == times
    assert seen.error.maybe_processed is fault.maybe
    assert seen.pauses == [0.5, 1.0][: times - 1]
    if fault.phase.startswith("answer"):
        assert len(seen.requests) == times
    else:
        assert seen.requests == []
        assert seen.connections == (times if fault.connects == "server" else 0)


def test_an_operation_that_may_not_be_repeated_is_among_them() -> None:
    assert {operation.method for operation in ONCE} == {"POST"}
    assert AGAIN


@pytest.mark.parametrize("operation", ONCE, ids=repr)
@pytest.mark.parametrize(
    "fault", [one for one in FAULTS if one.maybe], ids=lambda fault: fault.name
)
@each_mode
def test_no_ambiguous_fault_sends_it_twice(fault: Fault, operation: Operation, mode: str) -> None:
    assert len(observe(fault, operation, mode).requests) <= 1


# One doubt is not forgotten for a later attempt that is clear.
@each_mode
@pytest.mark.parametrize("operation", AGAIN, ids=repr)
def test_an_earlier_attempt_that_may_have_acted_is_told_with_a_later_refusal(
    serve: Serve, operation: Operation, mode: str
) -> None:
    server = serve(CLOSED, reply(400, b'{"error": "No."}'))
    with pytest.raises(PortalError) as caught:
        call(operation, mode, server.url, ManualClock())
    assert isinstance(caught.value, APIStatusError)
    assert (caught.value.status_code, caught.value.attempts) == (400, 2)
    assert caught.value.maybe_processed is True


@each_mode
@pytest.mark.parametrize("operation", ONCE, ids=repr)
def test_a_refusal_is_sent_again_until_the_first_doubt(
    serve: Serve, operation: Operation, mode: str
) -> None:
    server = serve(reply(429), reply(503), reply(operation.status, operation.body))
    with pytest.raises(PortalError) as caught:
        call(operation, mode, server.url, ManualClock(), max_attempts=9)
    assert len(server.requests) == 2
    assert caught.value.maybe_processed is True


@each_mode
@each_operation
def test_a_kept_connection_that_the_server_has_closed_is_not_used(
    serve: Serve, operation: Operation, mode: str
) -> None:
    whole = f"HTTP/1.1 {operation.status} OK\r\nContent-Length: {len(operation.body)}\r\n\r\n"
    server = serve(raw(whole.encode(), operation.body))  # and closes, having promised to keep
    results = call_often(operation, mode, server.url, times=4, pause=0.02)
    assert [one.attempts for one in results] == [1] * 4
    assert len(server.requests) == 4


@each_mode
@each_operation
def test_the_second_try_succeeds(serve: Serve, operation: Operation, mode: str) -> None:
    server = serve(reply(429), reply(operation.status, operation.body))
    clock = ManualClock()
    call(operation, mode, server.url, clock)
    assert len(server.requests) == 2
    assert clock.pauses == [0.5]


@each_mode
@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_backoff_grows_from_half_a_second_to_eight_with_full_jitter(
    serve: Serve, mode: str, share: float
) -> None:
    server = serve(reply(429))
    clock = ManualClock(jitter=share)
    with pytest.raises(RateLimitError):
        call(OPERATIONS[0], mode, server.url, clock, max_attempts=8, timeout=600)
    most = [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert clock.backoffs[:7] == most
    assert clock.pauses == [share * one for one in most]


@each_mode
def test_no_pause_goes_past_the_budget(serve: Serve, mode: str) -> None:
    server = serve(reply(429))
    clock = ManualClock()
    with pytest.raises(RateLimitError) as caught:
        call(OPERATIONS[0], mode, server.url, clock, max_attempts=99, timeout=10)
    assert clock.pauses == [0.5, 1.0, 2.0, 4.0]
    assert caught.value.attempts == 5


def _date(seconds: float) -> str:
    return email.utils.formatdate(NOW + seconds, usegmt=True)


_HONOURED: dict[str, tuple[str, float]] = {
    "seconds": ("7", 7.0),
    "zero": ("0", 0.0),
    "seconds with space around": (" 7\t", 7.0),
    "a date": (_date(12), 12.0),
    "a date now": (_date(0), 0.0),
    "a date in the past": (_date(-3600), 0.0),
    "a date of long ago": ("Sunday, 06-Nov-94 08:49:37 GMT", 0.0),
    "a date of asctime": ("Sun Nov  6 08:49:37 1994", 0.0),
    "a date in another zone": (_date(12).replace("GMT", "-0000"), 12.0),
}
_USELESS: dict[str, str] = {
    "negative": "-5",
    "garbage": "soon",
    "nothing": "",
    "a fraction": "1.5",
    "exponent": "1e3",
    "infinity": "inf",
    "not a number": "NaN",
    "a date that is none": "Fri, 32 Jan 2026 25:61:61 GMT",
    "bytes": "\xb2",
}
_TOO_LONG: dict[str, tuple[str, float]] = {
    "huge": ("9" * 12, float("9" * 12)),
    "beyond any float": ("9" * 5000, float("inf")),
    "a date in a thousand years": ("Thu, 01 Jan 3026 00:00:00 GMT", 33_324_048_000 - NOW - 0),
    "the budget to the second": ("100", 100.0),
}


@each_mode
@pytest.mark.parametrize("value", _HONOURED)
def test_retry_after_is_honoured_in_full(serve: Serve, mode: str, value: str) -> None:
    text, seconds = _HONOURED[value]
    operation = OPERATIONS[0]
    server = serve(
        reply(429, b"{}", f"Retry-After: {text}"), reply(operation.status, operation.body)
    )
    clock = ManualClock(now=NOW)
    call(operation, mode, server.url, clock, timeout=100)
    assert clock.pauses == [seconds]


@each_mode
@pytest.mark.parametrize("value", _USELESS)
def test_a_retry_after_that_says_nothing_leaves_the_backoff(
    serve: Serve, mode: str, value: str
) -> None:
    operation = OPERATIONS[0]
    server = serve(
        reply(429, b"{}", f"Retry-After: {_USELESS[value]}"),
        reply(operation.status, operation.body),
    )
    clock = ManualClock(now=NOW)
    call(operation, mode, server.url, clock, timeout=100)
    assert clock.pauses == [0.5]


@each_mode
@pytest.mark.parametrize("value", _TOO_LONG)
def test_a_retry_after_beyond_the_budget_is_raised_at_once(
    serve: Serve, mode: str, value: str
) -> None:
    text, _ = _TOO_LONG[value]
    server = serve(reply(429, b"{}", f"Retry-After: {text}"))
    clock = ManualClock(now=NOW)
    with pytest.raises(RateLimitError) as caught:
        call(OPERATIONS[0], mode, server.url, clock, timeout=100)
    assert clock.pauses == []
    assert caught.value.attempts == 1
    assert caught.value.retry_after is not None
    assert caught.value.retry_after >= 100


@each_mode
def test_a_long_retry_after_is_waited_for_where_there_is_no_budget(serve: Serve, mode: str) -> None:
    operation = OPERATIONS[0]
    server = serve(reply(429, b"{}", "Retry-After: 86400"), reply(operation.status, operation.body))
    clock = ManualClock()
    call(operation, mode, server.url, clock, timeout=None)
    assert clock.pauses == [86400.0]


@each_mode
@pytest.mark.parametrize("operation", ONCE, ids=repr)
def test_retry_after_does_not_make_an_operation_repeatable(
    serve: Serve, operation: Operation, mode: str
) -> None:
    server = serve(reply(503, b"{}", "Retry-After: 2"))
    clock = ManualClock()
    with pytest.raises(PortalError) as caught:
        call(operation, mode, server.url, clock)
    assert caught.value.retry_after == 2.0
    assert (len(server.requests), clock.pauses) == (1, [])


@each_mode
@each_operation
def test_one_attempt_is_one_attempt(serve: Serve, operation: Operation, mode: str) -> None:
    server = serve(reply(429))
    with pytest.raises(RateLimitError):
        call(operation, mode, server.url, ManualClock(), max_attempts=1)
    assert len(server.requests) == 1


def test_the_clock_for_tests_moves_only_when_told() -> None:
    clock = ManualClock(now=NOW, jitter=0.5)
    assert (clock.monotonic(), clock.time()) == (0.0, NOW)
    clock.advance(2.5)
    clock.sleep(1.5)
    assert (clock.monotonic(), clock.time()) == (4.0, NOW + 4.0)
    assert clock.jitter(8.0) == 4.0
    assert (clock.pauses, clock.backoffs) == ([1.5], [8.0])


def test_the_clock_for_tests_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="back"):
        ManualClock().advance(-1)
    with pytest.raises(ValueError, match="from 0 to 1"):
        ManualClock(jitter=1.5)


@each_mode
def test_time_that_a_test_lets_pass_counts_against_the_budget(serve: Serve, mode: str) -> None:
    clock = ManualClock()

    def late(peer: Peer) -> None:
        clock.advance(25)
        peer.send(head(429, "Content-Length: 0", "Retry-After: 4"))

    server = serve(Answer(late))
    # The second answer is there or not when the client looks at the time: it is the last.
    with pytest.raises((APITimeoutError, RateLimitError)) as caught:
        call(OPERATIONS[0], mode, server.url, clock, timeout=50)
    assert (clock.pauses, caught.value.attempts) == ([4.0], 2)
