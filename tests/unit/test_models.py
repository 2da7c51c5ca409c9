from __future__ import annotations

import copy
import io
import json
import pickle
from types import MappingProxyType
from typing import Any

import attrs
import pytest
from sample._core import decode
from sample.models import CreateParcelRequest, Parcel, ParcelSummary
from sample.types import UNSET, File, OpenIntEnum, OpenStrEnum, Unset

from tests.unit._support import PARCEL, SECRET, SUMMARY


def test_an_answer_is_kept_whole_and_shows_no_secret() -> None:
    new = {"accountId": "c-1", "nested": {"deep": [1, None]}, "a b": "new-secret"}
    answer = {**PARCEL, **new}
    found = Parcel.from_dict(MappingProxyType(answer))
    assert (found.id, found.address, found.pickup_code) == ("parcel-1", "1 Main Street", SECRET)
    assert found.to_dict() == answer
    for again in (
        *(copy.copy(found), copy.deepcopy(found), pickle.loads(pickle.dumps(found))),
        Parcel.from_dict(json.loads(json.dumps(found.to_dict()))),
    ):
        assert again == found
    assert repr(found) == (
        "Parcel(id='parcel-1', pickup_code=***, is_express=False, address='1 Main Street', "
        "additional_properties={'accountId': ..., 'nested': ..., 'a b': ...})"
    )
    assert "additional_properties" not in repr(Parcel.from_dict(PARCEL))
    assert found.additional_keys == [*new]
    found["accountId"] = "c-2"
    del found["nested"]
    assert found.additional_properties == {"accountId": "c-2", "a b": found["a b"]}
    assert ("nested" in found, new["accountId"]) == (False, "c-1")


def test_what_is_no_object_or_has_a_field_too_few() -> None:
    wrong: list[Any] = [None, [], "{}", b"{}", {}]
    for value in wrong:
        with pytest.raises(ValueError, match=r"has to be (object|string, and is nothing)"):
            Parcel.from_dict(value)


def test_a_subclass_has_the_defaults_of_its_own_fields() -> None:
    @attrs.define
    class Tagged(ParcelSummary):
        tag: str = "new"
        seen: list[str] = attrs.Factory(list[str])
        first: str = attrs.Factory(lambda one: one.id[:1], takes_self=True)

    one, other = Tagged.from_dict(SUMMARY), Tagged.from_dict(SUMMARY)
    assert (one.id, one.tag, one.seen, one.first) == ("parcel-1", "new", [], "p")
    assert one.seen is not other.seen


def test_unset_and_none_differ_in_a_request() -> None:
    nothing: Any = None
    assert CreateParcelRequest().to_dict() == {}
    assert CreateParcelRequest(False, note=None).to_dict() == {"isExpress": False, "note": None}
    assert CreateParcelRequest(nothing).to_dict() == {"isExpress": None}
    assert CreateParcelRequest.from_dict({}) == CreateParcelRequest(UNSET)
    with pytest.raises(ValueError, match="boolean"):
        CreateParcelRequest.from_dict({"isExpress": None})


def test_unset_is_one_false_value() -> None:
    again: list[object] = [Unset(), copy.deepcopy([UNSET])[0], pickle.loads(pickle.dumps(UNSET))]
    assert all(one is UNSET for one in again)
    assert UNSET not in [False, 0, "", None]
    assert (bool(UNSET), repr(UNSET), str(UNSET)) == (False, "UNSET", "UNSET")


class Colour(OpenStrEnum):
    RED = "red"
    DARK_BLUE = "dark blue"


class Level(OpenIntEnum):
    LOW = 1
    HIGH = 9


@pytest.mark.parametrize(
    ("kind", "known", "unknown", "wrong"),
    [
        (Colour, "dark blue", "RED", [None, 1, True, b"red", [], {}]),
        (Level, 9, 5, [None, "9", True, 9.5, [], {}]),
    ],
)
def test_an_open_enumeration(kind: Any, known: Any, unknown: Any, wrong: list[Any]) -> None:
    member, found = decode.member(known, kind), decode.member(unknown, kind)
    assert member is kind(known)
    assert (member.is_known, found.is_known) == (True, False)
    assert found == unknown == found.value
    assert (hash(found), str(found), type(found)) == (hash(unknown), str(unknown), kind)
    assert repr(unknown) in repr(found)
    assert found not in [*kind]
    for again in (copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
        assert (type(again), again, again.is_known) == (kind, unknown, False)
    for value in wrong:
        with pytest.raises(ValueError, match=r"string|integer"):
            decode.member(value, kind)
    with pytest.raises(ValueError, match="None is not a valid"):
        kind(None)


def test_a_file() -> None:
    file = File(io.BytesIO(b"x"), "x.txt", "text/plain")
    assert decode.file(file) is file
    assert decode.file(b"x").payload.read() == b"x"
    assert file.to_tuple() == ("x.txt", file.payload, "text/plain")
    with pytest.raises(ValueError, match="bytes"):
        decode.file("x")
