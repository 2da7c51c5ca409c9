"""What a JSON value is as an argument, and whether a returned value says what was answered."""

from __future__ import annotations

import datetime
from typing import Any, Literal
from uuid import UUID

import pytest
from conformance.typing_values import UnfitError, alike, fitted, fitted_text
from conformance.values import value_differences
from portal_v1.models import ClientSummary, CreateClientRequest, CreatedClient
from portal_v1.types import OpenIntEnum, OpenStrEnum, Unset


class Colour(OpenStrEnum):
    RED = "red"


class Level(OpenIntEnum):
    LOW = 1


class TestFitted:
    @pytest.mark.parametrize(
        ("value", "annotation", "argument"),
        [
            ("a", str | Unset, "a"),
            (None, str | None, None),
            (3, float, 3),
            ([1, 2], list[int] | Unset, [1, 2]),
            ("2024-02-29", datetime.date | None, datetime.date(2024, 2, 29)),
            (
                "2024-02-29T01:02:03Z",
                datetime.datetime,
                datetime.datetime(2024, 2, 29, 1, 2, 3, tzinfo=datetime.UTC),
            ),
            ("red", Colour, Colour.RED),
            ("blue", Colour, "blue"),
            (1, Level, Level.LOW),
            ("on", Literal["on", "off"], "on"),
            (
                "6f1c4b9e-5a1f-4f6e-8d3c-1a7f9b2e6c50",
                UUID,
                UUID("6f1c4b9e-5a1f-4f6e-8d3c-1a7f9b2e6c50"),
            ),
        ],
    )
    def test_what_an_argument_stands_for(self, value: Any, annotation: Any, argument: Any) -> None:
        assert fitted(value, annotation) == argument

    @pytest.mark.parametrize(
        ("value", "annotation"),
        [
            (True, int),
            (1, bool),
            ("1", int),
            (None, str),
            (False, float),
            ("2024-02-30", datetime.date),
            ("20240229", datetime.date),
            (5, datetime.date),
            ({"a": 1}, list[str]),
            (["a", 1], list[str]),
            (True, Literal[1]),
            ("low", Level),
            ("AAAA", UUID),
            ("x", Unset),
            ({"isAccountAbstracted": "yes"}, CreateClientRequest),
            ([], CreateClientRequest),
        ],
    )
    def test_what_no_argument_stands_for(self, value: Any, annotation: Any) -> None:
        with pytest.raises(UnfitError):
            fitted(value, annotation)

    def test_a_model_keeps_what_it_was_made_of(self) -> None:
        made = fitted({"isAccountAbstracted": True}, CreateClientRequest)
        assert made == CreateClientRequest(is_account_abstracted=True)

    @pytest.mark.parametrize(
        ("text", "annotation", "argument"),
        [
            ("3", int | Unset, 3),
            ("0.5", float, 0.5),
            ("true", bool, True),
            ("1,2", list[int], [1, 2]),
            ("red,blue", list[Colour] | Unset, ["red", "blue"]),
            ("1", Level, Level.LOW),
            ("3", str, "3"),
        ],
    )
    def test_a_text_is_what_it_is_the_text_of(
        self, text: str, annotation: Any, argument: Any
    ) -> None:
        assert fitted_text(text, annotation) == argument

    @pytest.mark.parametrize(
        ("text", "annotation"),
        [("03", int), ("1.50", float), ("True", bool), ("1,x", list[int]), (" 1", int), ("", int)],
    )
    def test_a_text_that_nothing_turns_into(self, text: str, annotation: Any) -> None:
        with pytest.raises(UnfitError):
            fitted_text(text, annotation)

    def test_utc_is_written_in_two_ways_and_all_else_in_one(self) -> None:
        assert alike({"at": ["2024-01-01T00:00:00Z"]}, {"at": ["2024-01-01T00:00:00+00:00"]})
        assert not alike({"a": 1}, {"a": True})
        assert not alike({"a": None}, {})
        assert not alike([1], [1, 1])
        assert not alike("2024-01-01T00:00:00Z", "2024-01-01T00:00:00+01:00")


class TestValueDifferences:
    def summary(self, **more: Any) -> ClientSummary:
        return ClientSummary.from_dict({"id": "c1", "clientApiKey": "k", **more})

    def test_the_place_is_told_and_never_the_value(self) -> None:
        raw = [
            {"id": "c1", "clientApiKey": "k"},
            {"id": "c1", "clientApiKey": "another-secret", "address": None},
        ]
        told = list(value_differences([self.summary(), self.summary()], raw))
        assert told == ["$[1].clientApiKey: another value than in the answer"]

    def test_what_is_missing_or_too_much(self) -> None:
        value = self.summary(address="0x1", extra=[1])
        told = list(value_differences(value, {"id": "c1", "clientApiKey": "k", "more": 2}))
        assert len(told) == 2
        assert told[0].startswith("$.more: it is in the answer and not in")
        assert told[1].startswith("$: address has a value")
        assert list(value_differences([1, 2], [1])) == ["$: 2 items were made of 1"]

    def test_a_boolean_is_no_number(self) -> None:
        assert list(value_differences([1], [True]))
        assert not list(value_differences([1.0], [1]))

    def test_what_the_package_reads_of_text(self) -> None:
        moment = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
        identity = UUID("6f1c4b9e-5a1f-4f6e-8d3c-1a7f9b2e6c50")
        raw = ["2024-01-01T00:00:00Z", str(identity).upper(), "2024-02-29"]
        value = [moment, identity, datetime.date(2024, 2, 29)]
        assert not list(value_differences(value, raw))
        assert len(list(value_differences(value, ["never", "never", "2024-03-01"]))) == 3


def test_a_client_masks_what_a_difference_would_show() -> None:
    created = CreatedClient("c1", "key-1234567", "cst-1234567", is_account_abstracted=True)
    raw = {"id": "c1", "clientApiKey": "x", "clientSessionToken": "y", "isAccountAbstracted": True}
    told = "\n".join(value_differences(created, raw))
    assert told.count("another value") == 2
    assert "1234567" not in told
