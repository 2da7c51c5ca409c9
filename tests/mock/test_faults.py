"""Faults, in-process and over TCP: the caller sees the same."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, get_args

import pytest
from sample import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    InvalidResponseError,
    RateLimitError,
    SampleError,
    ServerError,
)
from sample._http import httpx
from sample.mock import FAULTS, FaultError, FaultName, MockSample, MockServer

from tests.mock._support import JSON, KEY, PARCELS, ask, talk

Create = Callable[..., Any]


@pytest.fixture(params=["in-process", "tcp"])
def create(request: pytest.FixtureRequest, mock: MockSample) -> Iterator[Create]:
    """Create a client once, in-process or over TCP."""
    with mock.serve() as server:
        real: dict[str, Any] = {"base_url": server.url, "http_client": None}

        def call(**options: Any) -> Any:
            more = real if request.param == "tcp" else {}
            with mock.client(max_attempts=1, **more, **options) as portal:
                return portal.parcels.create()

        yield call


def clients(mock: MockSample) -> int:
    return len(mock.client().parcels.list())


class Case(NamedTuple):
    name: FaultName
    expected: type[SampleError]
    acts: bool
    settings: Mapping[str, Any] = {}
    breaks: type[httpx.TransportError] | None = None  # what httpx itself raises in-process


READ, PROTOCOL = httpx.ReadError, httpx.RemoteProtocolError
CASES = [
    Case("rate_limited", RateLimitError, acts=False),
    Case("server_error", ServerError, acts=False, settings={"status": 500}),
    Case("server_error", ServerError, acts=True, settings={"status": 502, "processed": True}),
    Case("undocumented_status", APIStatusError, acts=False, settings={"status": 418}),
    Case("undocumented_status", APIStatusError, acts=True, settings={"processed": True}),
    Case("malformed_json", InvalidResponseError, acts=True),
    Case("wrong_type", InvalidResponseError, acts=True, settings={"path": "$.id"}),
    Case("missing_field", InvalidResponseError, acts=True, settings={"path": "pickupCode"}),
    Case("truncated_body", APIConnectionError, acts=True, breaks=PROTOCOL),
    Case("reset_in_body", APIConnectionError, acts=True, breaks=READ),
    Case("reset_before_reading", APIConnectionError, acts=False, breaks=READ),
    Case("reset_after_reading", APIConnectionError, acts=True, breaks=READ),
    Case("empty_reply", APIConnectionError, acts=True, breaks=PROTOCOL),
    Case("garbage_status_line", APIConnectionError, acts=True, breaks=PROTOCOL),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}-{case.acts}")
def test_each_kind_is_what_its_name_says(mock: MockSample, create: Create, case: Case) -> None:
    fault = mock.fault(case.name, "createParcel", **case.settings)
    with pytest.raises(case.expected) as caught:
        create()
    assert fault.struck == 1
    entry = mock.calls("createParcel")[0]
    assert entry.faults == (case.name,)
    assert (entry.status is None) == (case.name == "reset_before_reading")
    assert clients(mock) == case.acts
    if case.breaks and case.acts:
        assert caught.value.maybe_processed
    if "status" in case.settings:
        assert entry.status == caught.value.status_code == case.settings["status"]
    fault.remove()
    create()


def test_httpx_sees_its_own_exceptions(mock: MockSample) -> None:
    assert [*get_args(FaultName)] == [*FAULTS]  # type checkers know each name
    url = "http://mock/v1/parcels"

    async def get() -> None:
        async with httpx.AsyncClient(transport=mock.async_transport()) as client:
            await client.get(url)

    with httpx.Client(transport=mock.transport()) as client:
        for case in (one for one in CASES if one.breaks):
            for call in (lambda: client.get(url), lambda: asyncio.run(get())):
                with mock.fault(case.name), pytest.raises(httpx.TransportError) as caught:
                    call()
                assert type(caught.value) is case.breaks
        assert client.head(url).content == b""
    with mock.fault("latency", seconds=0.01), mock.fault("dripping_body"):
        asyncio.run(get())


def test_a_field_is_added_and_what_cannot_be_done_is_said(mock: MockSample) -> None:
    cases: dict[tuple[FaultName, str], str] = {
        ("extra_field", "$.news"): '"news":"what no document has"',
        ("extra_field", "$.id"): "no room for a new field at $.id",
        ("extra_field", "$[0].news"): "no room for a new field at $[0].news",
        ("missing_field", "$.nothing"): "nothing at $.nothing",
    }
    for (name, path), expected in cases.items():
        with mock.fault(name, path=path):
            assert expected in ask(mock, "POST", PARCELS, {}).text
        call = mock.calls()[-1]
        assert expected in (call.answer_problem or expected)
        assert (call.answer_problem is None) is (call.status == 201)


def test_latency_and_a_dripping_body(mock: MockSample, create: Create) -> None:
    def measure(**options: Any) -> float:
        begun = time.monotonic()
        create(**options)
        return time.monotonic() - begun

    with mock.fault("latency", seconds=0.2, jitter=0.05):
        assert 0.2 <= measure(timeout=5) < 1
    with MockSample(latency=0.2) as late:
        assert late.handle("GET", PARCELS, [KEY], b"").delay == 0.2
    with mock.fault("dripping_body", seconds=0.01, piece=20):
        assert measure(timeout=5) >= 0.05
    for slow in (mock.fault("latency"), mock.fault("dripping_body", seconds=0.05)):
        with slow, pytest.raises(APITimeoutError) as caught:
            create(timeout=0.2)
        assert caught.value.maybe_processed
    assert measure() < 0.9


GET = b"GET /v1/parcels HTTP/1.1\r\nHost: m\r\nAuthorization: Bearer a\r\n\r\n"
UNREAD = b"POST /v1/parcels HTTP/1.1\r\nHost: m\r\nContent-Length: 99\r\n\r\n"


def test_what_is_on_the_wire(mock: MockSample, server: MockServer) -> None:
    def receive(fault: FaultName, request: bytes = GET) -> bytes:
        with mock.fault(fault):
            return talk(server, request)

    mock.client("a").parcels.create()
    assert receive("empty_reply") == b""
    assert not receive("garbage_status_line").startswith(b"HTTP/1")
    head, _, body = receive("truncated_body").partition(b"\r\n\r\n")
    (length,) = (line for line in head.lower().split(b"\r\n") if b"content-length" in line)
    assert 0 < len(body) < int(length.partition(b":")[2])
    with pytest.raises(ConnectionResetError):
        receive("reset_before_reading", UNREAD)
    with pytest.raises(ConnectionResetError):
        receive("reset_in_body")


def test_times_after_and_chance() -> None:
    def outcomes(mock: MockSample, count: int) -> str:
        statuses = (ask(mock, "POST", PARCELS, {}).status for _ in range(count))
        return "".join("." if status == 201 else "x" for status in statuses)

    seen: list[str] = []
    for seed in (1, 1, 2):
        with MockSample(seed=seed) as mock:
            with mock.fault("server_error", "createParcel", times=2, after=3):
                clients(mock)  # another operation does not count
                assert outcomes(mock, 8) == "...xx..."
            mock.fault("server_error", probability=0.5)
            seen.append(outcomes(mock, 40))
    assert seen[0] == seen[1] != seen[2]  # chance follows from the seed
    assert 8 < seen[0].count("x") < 32


def test_the_first_fault_wins_and_delays_add_up(mock: MockSample) -> None:
    faults = [mock.fault("latency", seconds=0.03) for _ in range(2)]
    faults += [mock.fault("server_error", status=status) for status in (500, 502)]
    answer = mock.handle("POST", PARCELS, [KEY, JSON], b"{}")
    assert (answer.status, answer.delay) == (500, 0.06)
    assert [(fault.number, fault.struck) for fault in faults] == [(1, 1), (2, 1), (3, 1), (4, 0)]
    with faults[0]:
        mock.clear_faults()
        mock.fault("empty_reply")
    assert "Fault(number=1, name='empty_reply', operation=None" in str(mock.faults)


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        ("server_eror", {}, "no fault.*Is it 'server_error' that you mean.*empty_reply, .*latency"),
        ("latency", {"operation": "createParcels"}, "no operation.*'createParcel'.*listParcels"),
        ("latency", {"second": 1}, "no 'second' to be set here, but seconds, jitter, times, after"),
        ("latency", {"seconds": -1}, r"\$.seconds: .*minimum of 0.*late: by"),
        ("wrong_type", {}, r'"path" is a required.*\$\[0\].id'),
        ("latency", {"probability": 1.5}, "probability"),
    ],
)
def test_what_cannot_be_set_says_what_can(
    mock: MockSample, name: Any, settings: dict[str, Any], expected: str
) -> None:
    with pytest.raises(FaultError, match=expected):
        mock.fault(name, **settings)
    assert not mock.faults
