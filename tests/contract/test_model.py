"""What a list, an answer and a new thing are held to."""

from __future__ import annotations

from typing import Any

import pytest
from conformance.model import Custodian, Maker, Model

MAKER = Maker("makeThing", "/id", "thingId", ("getThing",), ("listThings",))


class TestModel:
    @pytest.fixture
    def model(self) -> Model:
        model = Model(MAKER, frozenset({"secret"}), ("one", "two"))
        for number, custodian in enumerate(model.custodians):
            answer = {"id": f"t{number}", "secret": f"s{number}", "kind": "a"}
            assert not list(model.made(custodian, {"kind": "a"}, answer))
        return model

    def listed(self, model: Model, *items: dict[str, Any]) -> list[str]:
        return list(model.listed(model.custodians[0], list(items)))

    def test_a_list_as_it_should_be(self, model: Model) -> None:
        assert self.listed(model, {"id": "t0", "secret": "s0", "more": 1}) == []
        assert self.listed(model, {"id": "t0", "more": 1}) == []

    def test_twice(self, model: Model) -> None:
        assert self.listed(model, {"id": "t0"}, {"id": "t0"}) == ["$: something is listed twice"]

    def test_missing(self, model: Model) -> None:
        assert self.listed(model) == ["$: 1 that were made are not listed"]

    def test_never_made(self, model: Model) -> None:
        told = self.listed(model, {"id": "t0"}, {"id": "t9"})
        assert told == ["$: 1 listed that were never made, at most 0 may be"]

    def test_what_may_have_been_made_may_be_listed_once(self, model: Model) -> None:
        model.custodians[0].unsure = 1
        assert self.listed(model, {"id": "t0"}, {"id": "t9"}) == []
        assert self.listed(model, {"id": "t0"}) == ["$: 1 that were made are not listed"]

    def test_another_custodians(self, model: Model) -> None:
        model.custodians[0].unsure = 9
        told = self.listed(model, {"id": "t0"}, {"id": "t1"})
        assert told == ["$: another custodian's are listed"]

    def test_another_value_than_before(self, model: Model) -> None:
        told = self.listed(model, {"id": "t0", "kind": "b"})
        assert told == ["$[].kind: another value than was told before"]

    def test_no_list(self, model: Model) -> None:
        assert list(model.listed(model.custodians[0], {"id": "t0"})) == ["$: no list"]

    def test_an_id_that_was_there_before(self, model: Model) -> None:
        (told,) = model.made(model.custodians[1], None, {"id": "t0"})
        assert told == "/id: the id of something that was there before"

    def test_a_secret_that_was_handed_out_before(self, model: Model) -> None:
        (told,) = model.made(model.custodians[1], None, {"id": "t5", "secret": "s0"})
        assert told == "$.secret: a secret that was handed out before"

    def test_not_what_was_asked_for(self, model: Model) -> None:
        answer = {"id": "t5", "secret": "s5", "kind": "b"}
        assert list(model.made(model.custodians[0], {"kind": "a"}, answer)) == [
            "$.kind: not what was asked for"
        ]

    def test_a_deleted_thing_is_not_missed(self, model: Model) -> None:
        assert not list(model.visited(model.custodians[0], "t0", "DELETE", None, None))
        assert self.listed(model) == []

    def test_a_key_is_in_no_repr(self) -> None:
        assert "one" not in repr(Custodian("one"))
