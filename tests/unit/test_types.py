from __future__ import annotations

import copy
import io
import pickle
from typing import Any, NamedTuple

import pytest
from portal_v1._core import decode
from portal_v1.types import UNSET, File, OpenIntEnum, OpenStrEnum, Unset


class Colour(OpenStrEnum):
    RED = "red"
    DARK_BLUE = "dark blue"


class Level(OpenIntEnum):
    LOW = 1
    HIGH = 9


class TestUnset:
    def test_there_is_one(self) -> None:
        again: list[object] = [
            Unset(),
            copy.copy(UNSET),
            copy.deepcopy(UNSET),
            copy.deepcopy({"a": [UNSET]})["a"][0],
            *(
                pickle.loads(pickle.dumps(UNSET, protocol))  # noqa: S301 - its own
                for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
            ),
        ]
        assert all(found is UNSET for found in again)

    def test_it_is_false_and_nothing_else(self) -> None:
        assert not UNSET
        assert UNSET != None  # noqa: E711 - by equality too
        others: list[Any] = [False, 0, ""]
        assert UNSET not in others
        assert repr(UNSET) == str(UNSET) == "UNSET"


class Case(NamedTuple):
    kind: Any
    known: Any
    unknown: Any
    refused: list[Any]


CASES = [
    Case(Colour, "dark blue", "green", [None, 1, True, b"red", [], {}]),
    Case(Level, 9, 5, [None, "9", True, 9.5, [], {}]),
]


@pytest.mark.parametrize("case", CASES, ids=["strings", "integers"])
class TestOpenEnum:
    def test_a_known_value_is_the_member(self, case: Case) -> None:
        member = decode.member(case.known, case.kind)
        assert member in [*case.kind]
        assert case.kind(case.known) is member
        assert member == case.known
        assert member.is_known
        assert member.value == case.known
        assert pickle.loads(pickle.dumps(member)) is member  # noqa: S301 - its own

    def test_an_unknown_value_is_taken(self, case: Case) -> None:
        found = decode.member(case.unknown, case.kind)
        assert isinstance(found, case.kind)
        assert isinstance(found, type(case.unknown))
        assert found == case.unknown == found.value
        assert not found.is_known
        assert hash(found) == hash(case.unknown)
        assert {case.unknown: "here"}[found] == "here"
        assert f"{found}" == str(found) == str(case.unknown)
        assert repr(case.unknown) in repr(found)
        assert found == case.kind(case.unknown)
        assert found != case.kind(case.known)

    def test_an_unknown_value_does_not_become_a_member(self, case: Case) -> None:
        before = [*case.kind]
        decode.member(case.unknown, case.kind)
        assert [*case.kind] == before
        assert case.unknown not in case.kind.__members__

    def test_an_unknown_value_is_copied_and_pickled(self, case: Case) -> None:
        found = decode.member(case.unknown, case.kind)
        for again in (
            copy.copy(found),
            copy.deepcopy(found),
            pickle.loads(pickle.dumps(found)),  # noqa: S301 - its own
        ):
            assert type(again) is case.kind
            assert again == case.unknown
            assert not again.is_known

    def test_another_type_is_refused(self, case: Case) -> None:
        for value in case.refused:
            with pytest.raises(ValueError, match=r"string|integer"):
                decode.member(value, case.kind)


def test_a_string_that_is_a_members_name_is_no_member() -> None:
    assert not decode.member("RED", Colour).is_known
    assert decode.member("RED", Colour) != Colour.RED


def test_a_whole_float_is_an_integer() -> None:
    assert decode.member(9.0, Level) is Level.HIGH


def test_a_file_is_a_part() -> None:
    content = io.BytesIO(b"abc")
    assert File(content, "a.txt", "text/plain").to_tuple() == ("a.txt", content, "text/plain")
    assert File(content).to_tuple() == (None, content, None)
