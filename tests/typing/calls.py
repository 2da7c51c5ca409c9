"""How a package is called, and what type checkers refuse of it.

It is not run. `make lint` checks it: an ignored error that no longer is one fails.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from typing import assert_type

from sample import APIStatusError, AsyncSample, Pace, RateLimitError, Sample, SampleError
from sample.api import OperationId
from sample.api.parcels import create_parcel, get_parcel
from sample.mock import FAULTS, Entry, MockSample
from sample.models import CreatedParcel, CreateParcelRequest, Label, Parcel, ParcelSummary
from sample.types import UNSET, Response


def call_each_operation() -> None:
    with Sample("key", timeout=30, connect_timeout=5, max_attempts=3, pace=Pace(200)) as sample:
        created = sample.parcels.create(is_express=True, note=None)
        assert_type(created, CreatedParcel)
        assert_type(created.label_token, str)
        assert_type(sample.parcels.get(created.id, timeout=None), Parcel)
        assert_type(sample.parcels.list(max_attempts=1), list[ParcelSummary])
        assert_type(sample.parcels.iter(), Generator[ParcelSummary, None, None])
        assert_type(sample.parcels.renew_label(created.id), Label)
        response = sample.parcels.with_response.list(headers={"X-Trace": "t-1"})
        assert_type(response, Response[list[ParcelSummary]])
        assert_type((response.status_code, response.attempts), tuple[int, int])
        assert_type(get_parcel.sync(created.id, client=sample), Parcel)
        assert_type(get_parcel.sync_detailed(created.id, client=sample), Response[Parcel])


async def call_each_operation_asynchronously() -> None:
    async with AsyncSample(lambda: "key", headers={"X-Team": "a"}) as sample:
        created = await sample.parcels.create()
        assert_type(await sample.parcels.get(created.id), Parcel)
        assert_type(await sample.parcels.list(), list[ParcelSummary])
        assert_type(sample.parcels.iter(), AsyncGenerator[ParcelSummary, None])
        assert_type(await sample.parcels.with_response.get("id"), Response[Parcel])
        body = CreateParcelRequest(is_express=UNSET)
        assert_type(await create_parcel.asyncio(client=sample, body=body), CreatedParcel)
        detailed = await create_parcel.asyncio_detailed(client=sample, body=body)
        assert_type(detailed, Response[CreatedParcel])


def handle_errors(sample: Sample) -> float | None:
    try:
        assert_type(sample.with_options(timeout=5).parcels.get("id").address, str | None)
    except RateLimitError as error:
        return error.retry_after
    except APIStatusError as error:
        assert_type(error.status_code, int)
        assert_type(error.error, str | None)
        assert_type(error.request_id, str | None)
    except SampleError as error:
        assert_type(error.maybe_processed, bool)
    return None


def use_the_mock(operation_id: OperationId) -> None:
    with MockSample(api_keys=["key"]) as mock, mock.serve() as server:
        assert_type(server.url, str)
        assert_type(mock.client("key"), Sample)
        for name in FAULTS:
            mock.fault(name, operation_id, times=1, status=503)
        assert_type(mock.calls(operation_id), list[Entry])


def refuse_what_is_not_documented(sample: Sample, other: AsyncSample) -> None:
    Sample("key", "https://api.example.com")  # type: ignore[call-arg]
    MockSample().fault("server_eror")  # type: ignore[arg-type]
    MockSample().fault("latency", "createParcels")  # type: ignore[arg-type]
    MockSample().calls("getParcels")  # type: ignore[arg-type]
    sample.parcels.get()  # type: ignore[call-arg]
    sample.parcels.get(7)  # type: ignore[arg-type]
    sample.parcels.get("id", timeout="3")  # type: ignore[arg-type]
    sample.parcels.create(True)  # type: ignore[call-arg]
    sample.parcels.create(is_express="yes")  # type: ignore[arg-type]
    sample.parcels.create(is_express=None)  # type: ignore[arg-type]
    sample.parcels.create(express=True)  # type: ignore[call-arg]
    sample.parcels.get("id", headers={"X-Trace": 1})  # type: ignore[dict-item]
    sample.parcels.with_response.iter()  # type: ignore[attr-defined]
    sample.parcels.remove("id")  # type: ignore[attr-defined]
    sample.parcels.get("id").label_token.strip()  # type: ignore[attr-defined]
    sample.with_options(base_url="https://api.example.com")  # type: ignore[call-arg]
    create_parcel.sync(body=CreateParcelRequest())  # type: ignore[call-arg]
    create_parcel.sync(client=other, body=CreateParcelRequest())  # type: ignore[arg-type]
