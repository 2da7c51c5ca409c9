from __future__ import annotations

import copy
import pickle
from types import MappingProxyType
from typing import Any

import pytest
from portal_v1 import BadRequestError, models
from portal_v1.api.clients import create_client
from portal_v1.mock import MockPortal
from portal_v1.models import (
    Client,
    ClientSession,
    ClientSummary,
    ClientWebOtp,
    CreateClientRequest,
    CreatedClient,
    Error,
)
from portal_v1.types import UNSET

from tests.unit._support import CLIENT, CREATED, OTP, SECRET, SESSION, SUMMARY, TOKEN

ANSWERS: dict[Any, dict[str, Any]] = {
    Client: CLIENT,
    ClientSession: SESSION,
    ClientSummary: {
        **SUMMARY,
        "address": "0x1",
        "backupStatus": "A",
        "signingStatus": "B",
    },
    ClientWebOtp: OTP,
    CreatedClient: CREATED,
    Error: {"error": "no such client"},
}
NULLABLE = {(Client, "address")} | {
    (ClientSummary, name) for name in ("address", "backupStatus", "signingStatus")
}
OPTIONAL = {*NULLABLE, (Error, "error")}
FIELDS = [(model, name) for model, answer in ANSWERS.items() for name in answer]
SECRETS = {"clientApiKey", "clientSessionToken", "otp"}
VALUES: list[Any] = [None, True, 7, 1.5, "text", [], {}]


def snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)


def name_of(value: Any) -> str:
    return value.__name__ if isinstance(value, type) else str(value)


def test_every_model_is_tried_here() -> None:
    assert {kind.__name__ for kind in ANSWERS} | {"CreateClientRequest"} == {*models.__all__}


@pytest.mark.parametrize("model", ANSWERS, ids=name_of)
class TestAnswer:
    def test_there_and_back(self, model: Any) -> None:
        answer = ANSWERS[model]
        found = model.from_dict(answer)
        assert {name: getattr(found, snake(name)) for name in answer} == answer
        assert found.to_dict() == answer
        assert model.from_dict(found.to_dict()) == found

    def test_unknown_fields_are_kept(self, model: Any) -> None:
        new = {"custodianId": "c-1", "nested": {"deep": [1, None]}, "a b": None}
        found = model.from_dict({**ANSWERS[model], **new})
        assert found.additional_properties == new
        assert found.additional_keys == [*new]
        assert found["custodianId"] == "c-1"
        assert "nested" in found
        assert "id2" not in found
        assert found.to_dict() == {**ANSWERS[model], **new}
        found["custodianId"] = "c-2"
        del found["nested"]
        assert found.to_dict()["custodianId"] == "c-2"
        assert "nested" not in found.to_dict()

    def test_unknown_fields_show_their_names_only(self, model: Any) -> None:
        found = model.from_dict({**ANSWERS[model], "clientPassword": "new-secret"})
        assert "clientPassword" in repr(found)
        assert "new-secret" not in repr(found)

    def test_its_repr_masks_what_is_secret(self, model: Any) -> None:
        answer = ANSWERS[model]
        shown = repr(model.from_dict(answer))
        assert shown.startswith(f"{model.__name__}(")
        for name, value in answer.items():
            assert (repr(value) in shown) is (name not in SECRETS)
            assert (f"{snake(name)}=***" in shown) is (name in SECRETS)
        assert SECRET not in shown
        assert TOKEN not in shown

    def test_secrets_stay_plain_strings(self, model: Any) -> None:
        found = model.from_dict(ANSWERS[model])
        for name in SECRETS & ANSWERS[model].keys():
            assert type(getattr(found, snake(name))) is str

    def test_copied_and_pickled(self, model: Any) -> None:
        found = model.from_dict({**ANSWERS[model], "extra": [1]})
        for again in (
            copy.copy(found),
            copy.deepcopy(found),
            pickle.loads(pickle.dumps(found)),  # noqa: S301 - its own
        ):
            assert again == found
            assert again is not found

    @pytest.mark.parametrize("value", [*VALUES, b"{}"], ids=repr)
    def test_what_is_no_object(self, model: Any, value: Any) -> None:
        if isinstance(value, dict):
            return
        with pytest.raises(ValueError, match="object"):
            model.from_dict(value)

    def test_any_mapping_is_taken(self, model: Any) -> None:
        assert model.from_dict(MappingProxyType(ANSWERS[model])).to_dict() == ANSWERS[model]

    def test_the_argument_stays_as_it_is(self, model: Any) -> None:
        answer = {**ANSWERS[model], "extra": 1}
        before = copy.deepcopy(answer)
        model.from_dict(answer)["extra"] = 2
        assert answer == before


@pytest.mark.parametrize(("model", "name"), FIELDS, ids=name_of)
class TestField:
    def test_missing(self, model: Any, name: str) -> None:
        answer = {key: value for key, value in ANSWERS[model].items() if key != name}
        if (model, name) in OPTIONAL:
            assert getattr(model.from_dict(answer), snake(name)) is None
            assert name not in model.from_dict(answer).to_dict()
        else:
            with pytest.raises(ValueError, match=r"string|boolean"):
                model.from_dict(answer)

    @pytest.mark.parametrize("value", VALUES, ids=repr)
    def test_of_each_type(self, model: Any, name: str, value: Any) -> None:
        answer = {**ANSWERS[model], name: value}
        fits = type(value) is type(ANSWERS[model][name])
        if fits or (value is None and (model, name) in NULLABLE):
            assert getattr(model.from_dict(answer), snake(name)) == value
        else:
            with pytest.raises(ValueError, match=r"string|boolean") as caught:
                model.from_dict(answer)
            assert SECRET not in str(caught.value)


def test_the_error_says_where_and_what() -> None:
    with pytest.raises(ValueError, match=r"\$\.clientApiKey\b.*string.*number"):
        Client.from_dict({**CLIENT, "clientApiKey": 7})
    with pytest.raises(ValueError, match=r"\$\.isAccountAbstracted\b.*boolean.*nothing"):
        Client.from_dict({name: CLIENT[name] for name in ("id", "clientApiKey")})


class TestCreateClientRequest:
    @pytest.mark.parametrize(
        ("value", "sent"),
        [
            (UNSET, {}),
            (True, {"isAccountAbstracted": True}),
            (False, {"isAccountAbstracted": False}),
            (None, {"isAccountAbstracted": None}),
        ],
        ids=repr,
    )
    def test_unset_and_none_differ(self, value: Any, sent: dict[str, Any]) -> None:
        assert CreateClientRequest(value).to_dict() == sent

    def test_nothing_said_is_unset(self) -> None:
        assert CreateClientRequest().is_account_abstracted is UNSET
        assert CreateClientRequest.from_dict({}) == CreateClientRequest()
        assert repr(CreateClientRequest()) == "CreateClientRequest(is_account_abstracted=UNSET)"

    def test_there_and_back(self) -> None:
        for value in (True, False):
            request = CreateClientRequest(value)
            assert CreateClientRequest.from_dict(request.to_dict()) == request

    @pytest.mark.parametrize("value", [None, 1, "yes"])
    def test_from_what_is_not_documented(self, value: Any) -> None:
        with pytest.raises(ValueError, match="boolean"):
            CreateClientRequest.from_dict({"isAccountAbstracted": value})

    def test_null_reaches_the_server(self, mock: MockPortal) -> None:
        nothing: Any = None
        with mock.client() as portal, pytest.raises(BadRequestError):
            create_client.sync(client=portal, body=CreateClientRequest(nothing))
