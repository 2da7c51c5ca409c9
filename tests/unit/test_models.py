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
from sample.models import CreatedParcel, CreateParcelRequest, Error, Label, Parcel, ParcelSummary
from sample.types import UNSET, File, OpenIntEnum, OpenStrEnum, Unset

from tests.unit._support import CREATED, LABEL, PARCEL, SUMMARY

ANSWERS: dict[Any, dict[str, Any]] = {
    Parcel: PARCEL,
    Label: LABEL,
    ParcelSummary: {**SUMMARY, "address": "here"},
    CreatedParcel: CREATED,
    Error: {"error": "no such parcel"},
}
SECRETS = {"pickupCode", "labelToken"}


def snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)


@pytest.mark.parametrize("model", ANSWERS, ids=lambda model: model.__name__)
class TestAnswer:
    def test_there_and_back(self, model: Any) -> None:
        answer = ANSWERS[model]
        found = model.from_dict(MappingProxyType(answer))
        assert {name: getattr(found, snake(name)) for name in answer} == answer
        assert found.to_dict() == answer
        assert model.from_dict(json.loads(json.dumps(found.to_dict()))) == found
        assert "additional_properties" not in repr(found)
        again = [copy.copy(found), copy.deepcopy(found), pickle.loads(pickle.dumps(found))]
        assert again == [found] * 3

    def test_unknown_fields_are_kept_and_only_their_names_shown(self, model: Any) -> None:
        new = {"accountId": "c-1", "nested": {"deep": [1, None]}, "a b": "new-secret"}
        found = model.from_dict({**ANSWERS[model], **new})
        assert found.additional_properties == new
        assert found.additional_keys == [*new]
        assert "accountId" in repr(found)
        assert "new-secret" not in repr(found)
        assert found.to_dict() == {**ANSWERS[model], **new}
        found["accountId"] = "c-2"
        del found["nested"]
        assert (found["accountId"], "nested" in found) == ("c-2", False)
        assert new["accountId"] == "c-1"

    def test_its_repr_masks_secrets_in_ascii(self, model: Any) -> None:
        shown = repr(model.from_dict(ANSWERS[model]))
        assert shown.startswith(f"{model.__name__}(")
        assert shown.isascii()
        for name, value in ANSWERS[model].items():
            assert (repr(value) in shown) is (name not in SECRETS)
            assert (f"{snake(name)}=***" in shown) is (name in SECRETS)

    def test_what_is_no_object_or_has_a_field_too_few(self, model: Any) -> None:
        wrong: list[Any] = [None, [], "{}", b"{}", 7 if model is Error else {}]
        for value in wrong:
            with pytest.raises(ValueError, match=r"has to be (object|string, and is nothing)"):
                model.from_dict(value)


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
