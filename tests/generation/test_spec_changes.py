"""The document is edited as people edit it; `generate` alone gives a client and a mock that fit."""

from __future__ import annotations

import asyncio
import datetime
import importlib
import inspect
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import httpx
import pytest

from tests.generation._support import (
    CLIENT,
    CLIENTS,
    Tree,
    copy_repository,
    forget_package,
    load_package,
)

BASE_URL = "https://portal.example.org/api/v1"


class Made(NamedTuple):
    """A package generated from an edited document, and what the run said."""

    said: list[str]
    package: ModuleType
    mock: ModuleType

    def said_of(self, name: str) -> list[str]:
        return [line for line in self.said if re.search(rf"\b{name}\b", line)]


@pytest.fixture(scope="module")
def make(
    made: Tree, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str, Callable[[dict[str, Any]], object]], Made]]:
    names: list[str] = []

    def run(name: str, change: Callable[[dict[str, Any]], object]) -> Made:
        tree = copy_repository(repository, tmp_path_factory.mktemp(name))
        shutil.copytree(made.output, tree.output)
        tree.edit(change)
        said = [line.strip() for line in tree.generated().splitlines()]
        names.append(name)
        package = load_package(tree.package, name)
        return Made(said, package, importlib.import_module(f"{name}.mock"))

    yield run
    for name in names:
        forget_package(name)


def walk(made: Made) -> dict[str, Any]:
    """Call the five operations on the package's own mock."""
    with made.mock.MockPortal() as mock, mock.client() as portal:
        created = portal.clients.create(is_account_abstracted=True)
        return {
            "created": created,
            "got": portal.clients.get(created.id),
            "listed": portal.clients.list(),
            "session": portal.clients.refresh_session(created.id),
            "otp": portal.clients.generate_web_otp(created.id),
        }


async def walk_async(made: Made) -> dict[str, Any]:
    with made.mock.MockPortal() as mock:
        async with mock.async_client() as portal:
            created = await portal.clients.create(is_account_abstracted=True)
            return {
                "created": created,
                "got": await portal.clients.get(created.id),
                "listed": await portal.clients.list(),
                "session": await portal.clients.refresh_session(created.id),
                "otp": await portal.clients.generate_web_otp(created.id),
            }


def walk_both(made: Made) -> dict[str, Any]:
    answers = walk(made)
    for found in (answers, asyncio.run(walk_async(made))):
        assert found["got"].id == found["created"].id
        assert [client.id for client in found["listed"]] == [found["created"].id]
        assert found["session"].client_session_token
        assert found["otp"].otp
    return answers


def answering(status: int, body: Any = None) -> tuple[httpx.Client, list[httpx.Request]]:
    """An httpx client that answers everything alike, and what it was asked."""
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(status, json=body) if body is not None else httpx.Response(status)

    return httpx.Client(transport=httpx.MockTransport(answer)), requests


def add_an_operation(document: dict[str, Any]) -> None:
    document["tags"].append({"name": "Archive"})
    document["paths"][CLIENT]["delete"] = {
        "operationId": "deleteClient",
        "tags": ["Archive"],
        "summary": "Delete a client",
        "security": [{"portalApiKey": []}],
        "parameters": [
            {
                "name": "deletionReason",
                "in": "query",
                "required": True,
                "schema": {"type": "string", "enum": ["CHURN", "TEST_DATA"]},
            },
            {"name": "dryRun", "in": "query", "schema": {"type": "boolean"}},
        ],
        "responses": {
            "204": {"description": "The client is gone."},
            "400": {"$ref": "#/components/responses/BadRequest"},
            "401": {"$ref": "#/components/responses/Unauthorized"},
        },
    }


@pytest.fixture(scope="module")
def sixth(make: Callable[..., Made]) -> Made:
    return make("portal_sixth", add_an_operation)


class TestASixthOperation:
    def test_what_is_told(self, sixth: Made) -> None:
        (method,) = [
            line for line in sixth.said if line.startswith("+ ArchiveResource.delete_client(")
        ]
        assert "client_id: str" in method
        assert "deletion_reason: " in method
        assert method.endswith("-> None")
        assert [line for line in sixth.said if "async AsyncArchiveResource.delete_client(" in line]
        assert [
            line for line in sixth.said if line.startswith("+ class DeleteClientDeletionReason")
        ]
        assert not [line for line in sixth.said if line.startswith("- ")]

    def test_it_is_called_on_its_own_mock(self, sixth: Made) -> None:
        reason = sixth.package.models.DeleteClientDeletionReason.CHURN
        with sixth.mock.MockPortal() as mock, mock.client() as portal:
            created = portal.clients.create()
            assert portal.archive.delete_client(created.id, deletion_reason=reason) is None
            assert (
                portal.archive.delete_client(created.id, deletion_reason=reason, dry_run=True)
                is None
            )

    def test_it_is_called_asynchronously(self, sixth: Made) -> None:
        async def call() -> object:
            with sixth.mock.MockPortal() as mock:
                async with mock.async_client() as portal:
                    created = await portal.clients.create()
                    return await portal.archive.delete_client(
                        created.id,
                        deletion_reason=sixth.package.models.DeleteClientDeletionReason.TEST_DATA,
                    )

        assert asyncio.run(call()) is None

    def test_what_is_sent(self, sixth: Made) -> None:
        http, requests = answering(204)
        reason = sixth.package.models.DeleteClientDeletionReason.TEST_DATA
        with http, sixth.package.Portal("key", base_url=BASE_URL, http_client=http) as portal:
            assert (
                portal.archive.delete_client("a b", deletion_reason=reason, dry_run=False) is None
            )
        (request,) = requests
        assert request.method == "DELETE"
        assert request.url.raw_path.split(b"?")[0] == b"/api/v1/custodians/clients/a%20b"
        assert dict(request.url.params) == {"deletionReason": "TEST_DATA", "dryRun": "false"}
        assert request.headers["Authorization"] == "Bearer key"
        assert request.headers["Content-Type"] == "application/json"

    def test_an_unknown_client_and_a_wrong_key(self, sixth: Made) -> None:
        reason = sixth.package.models.DeleteClientDeletionReason.CHURN
        http, _ = answering(401, {"error": "Unauthorized"})
        with (
            sixth.package.Portal("key", base_url=BASE_URL, http_client=http) as portal,
            pytest.raises(sixth.package.AuthenticationError) as caught,
        ):
            portal.archive.delete_client("x", deletion_reason=reason)
        assert caught.value.operation_id == "deleteClient"

    def test_the_mock_checks_it(self, sixth: Made) -> None:
        with sixth.mock.MockPortal() as mock:
            path = f"/api/v1{CLIENTS}/x?deletionReason=BOREDOM"
            headers = [("Authorization", "Bearer key"), ("Content-Type", "application/json")]
            assert mock.handle("DELETE", path, headers, b"").status == 400
            assert mock.handle("DELETE", path, headers[1:], b"").status == 401

    def test_the_functions_of_the_operation(self, sixth: Made) -> None:
        name = f"{sixth.package.__name__}.api.archive.delete_client"
        module = importlib.import_module(name)
        assert inspect.isfunction(module.sync_detailed)
        assert inspect.iscoroutinefunction(module.asyncio_detailed)

    def test_the_other_five_are_as_they_were(self, sixth: Made) -> None:
        walk_both(sixth)


@pytest.fixture(scope="module")
def renamed(make: Callable[..., Made]) -> Made:
    def rename(document: dict[str, Any]) -> None:
        schemas = document["components"]["schemas"]
        schemas["Customer"] = schemas.pop("Client")
        answer = document["paths"][CLIENT]["get"]["responses"]["200"]
        answer["content"]["application/json"]["schema"] = {"$ref": "#/components/schemas/Customer"}

    return make("portal_renamed", rename)


class TestARenamedSchema:
    def test_what_is_told(self, renamed: Made) -> None:
        assert [line for line in renamed.said if re.match(r"- class Client\b", line)]
        assert [line for line in renamed.said if re.match(r"\+ class Customer\b", line)]
        (method,) = [line for line in renamed.said if line.startswith("~ ClientsResource.get()")]
        assert method == "~ ClientsResource.get(): returns Client → Customer"

    def test_it_works(self, renamed: Made) -> None:
        assert type(walk_both(renamed)["got"]) is renamed.package.models.Customer
        assert not hasattr(renamed.package.models, "Client")


@pytest.fixture(scope="module")
def grown(make: Callable[..., Made]) -> Made:
    def add(document: dict[str, Any]) -> None:
        for name in ("Client", "ClientSummary"):
            schema = document["components"]["schemas"][name]
            schema["required"].append("createdAt")
            schema["properties"]["createdAt"] = {"type": "string", "format": "date-time"}

    return make("portal_grown", add)


class TestARequiredField:
    def test_what_is_told(self, grown: Made) -> None:
        assert "+ Client.created_at: datetime.datetime" in grown.said
        assert "+ ClientSummary.created_at: datetime.datetime" in grown.said

    def test_it_works(self, grown: Made) -> None:
        answers = walk_both(grown)
        assert isinstance(answers["got"].created_at, datetime.datetime)
        assert isinstance(answers["listed"][0].created_at, datetime.datetime)

    def test_it_is_required(self, grown: Made) -> None:
        http, _ = answering(200, {"id": "x", "clientApiKey": "k", "isAccountAbstracted": True})
        with (
            grown.package.Portal("key", base_url=BASE_URL, http_client=http) as portal,
            pytest.raises(grown.package.InvalidResponseError, match="createdAt"),
        ):
            portal.clients.get("x")


@pytest.fixture(scope="module")
def nullable(make: Callable[..., Made]) -> Made:
    def change(document: dict[str, Any]) -> None:
        properties = document["components"]["schemas"]["ClientSession"]["properties"]
        properties["isAccountAbstracted"]["type"] = ["boolean", "null"]

    return make("portal_nullable", change)


class TestANullableField:
    def test_what_is_told(self, nullable: Made) -> None:
        assert nullable.said_of("is_account_abstracted") == [
            "~ ClientSession.is_account_abstracted: bool → bool | None"
        ]

    def test_it_works(self, nullable: Made) -> None:
        assert walk_both(nullable)["session"].is_account_abstracted in {True, False, None}

    @pytest.mark.parametrize("value", [None, True])
    def test_null_is_taken(self, nullable: Made, value: bool | None) -> None:
        body = {"id": "x", "clientSessionToken": "t", "isAccountAbstracted": value}
        http, _ = answering(200, body)
        with http, nullable.package.Portal("key", base_url=BASE_URL, http_client=http) as portal:
            assert portal.clients.refresh_session("x").is_account_abstracted is value
