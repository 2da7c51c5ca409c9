"""The signatures that callers rely on, as they stand; the names and errors are in tests/unit."""

from __future__ import annotations

import inspect
import typing
from typing import Any

import portal_v1
import pytest
from portal_v1 import models, resources

CALL = (
    "timeout: 'float | Unset | None' = UNSET, max_attempts: 'int | Unset' = UNSET, "
    "headers: 'Mapping[str, str] | None' = None"
)
CREATE = "is_account_abstracted: 'bool | Unset' = UNSET"
CREATE += ", additional_properties: 'Mapping[str, Any] | Unset' = UNSET"
METHODS = {
    "list": (f"*, {CALL}", "builtins.list[_models.ClientSummary]"),
    "create": (f"*, {CREATE}, {CALL}", "_models.CreatedClient"),
    "get": (f"client_id: 'str', *, {CALL}", "_models.Client"),
    "refresh_session": (f"client_id: 'str', *, {CALL}", "_models.ClientSession"),
    "generate_web_otp": (f"client_id: 'str', *, {CALL}", "_models.ClientWebOtp"),
}
ITERATORS = {
    resources.ClientsResource: "Generator[_models.ClientSummary, None, None]",
    resources.AsyncClientsResource: "AsyncGenerator[_models.ClientSummary, None]",
}


def signatures(resource: type) -> dict[str, str]:
    return {
        name: str(inspect.signature(method))
        for name, method in vars(resource).items()
        if not name.startswith("_") and callable(method)
    }


@pytest.mark.parametrize("resource", ITERATORS)
def test_each_method_has_its_signature(resource: Any) -> None:
    expected = {**METHODS, "iter": (f"*, {CALL}", ITERATORS[resource])}
    assert signatures(resource) == {
        name: f"(self, {arguments}) -> '{result}'" for name, (arguments, result) in expected.items()
    }
    with_response = typing.get_type_hints(resource.with_response.fget)["return"]
    assert signatures(with_response) == {
        name: f"(self, {arguments}) -> '_types.Response[{result}]'"
        for name, (arguments, result) in METHODS.items()
    }


@pytest.mark.parametrize("client", [portal_v1.Portal, portal_v1.AsyncPortal])
def test_each_client_has_the_same_options(client: type) -> None:
    options = {
        name: parameter.default for name, parameter in inspect.signature(client).parameters.items()
    }
    assert options == {
        "api_key": None,
        "base_url": None,
        "timeout": 30.0,
        "connect_timeout": 5.0,
        "keepalive": 60.0,
        "max_attempts": 3,
        "pace": None,
        "max_response_bytes": None,
        "http_client": None,
        "headers": None,
        "observer": None,
    }


def test_each_model_has_its_fields() -> None:
    kinds = (getattr(models, name) for name in models.__all__)
    assert {kind.__name__: ", ".join(inspect.signature(kind).parameters) for kind in kinds} == {
        "Client": "id, client_api_key, is_account_abstracted, address, additional_properties",
        "ClientSession": "id, client_session_token, is_account_abstracted, additional_properties",
        "ClientSummary": "id, client_api_key, address, backup_status, signing_status, "
        "additional_properties",
        "ClientWebOtp": "id, otp, additional_properties",
        "CreateClientRequest": "is_account_abstracted, additional_properties",
        "CreatedClient": "id, client_api_key, client_session_token, is_account_abstracted, "
        "additional_properties",
        "Error": "error, additional_properties",
    }
