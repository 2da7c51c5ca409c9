"""What the document marks `deprecated: true` is documented, and warned of where it is used."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from tests.generation._support import CLIENT, CLIENTS, Tree, forget_package, load_package

CONSUMER = """
from package_with_deprecations import Portal
from package_with_deprecations.models import Client, CreateClientRequest

def use(portal: Portal, client: Client, body: CreateClientRequest) -> None:
    portal.clients.get("1")  # type: ignore[deprecated]
    client.address  # type: ignore[deprecated]
    body.is_account_abstracted = True  # type: ignore[deprecated]
    Client(id="1", client_api_key="k", is_account_abstracted=True, address="0x1").id
    portal.clients.list(sort="id")
"""


@pytest.fixture
def package(tree: Tree) -> Iterator[ModuleType]:
    with tree.edited() as document:
        document["paths"][CLIENT]["get"]["deprecated"] = True
        sort = {"name": "sort", "in": "query", "deprecated": True, "schema": {"type": "string"}}
        document["paths"][CLIENTS]["get"]["parameters"] = [sort]
        schemas = document["components"]["schemas"]
        schemas["Client"]["properties"]["address"]["deprecated"] = True
        schemas["CreateClientRequest"]["properties"]["isAccountAbstracted"]["deprecated"] = True
    tree.generated()
    yield load_package(tree.package, "package_with_deprecations")
    forget_package("package_with_deprecations")


def test_deprecations_are_documented_and_warned_of(package: ModuleType, tree: Tree) -> None:
    mock = load_package(tree.package / "mock", "package_with_deprecations.mock")
    with mock.MockPortal() as server, server.client() as portal:
        created = portal.clients.create()
        assert len(portal.clients.list()) == 1
        with pytest.warns(DeprecationWarning, match="field isAccountAbstracted of createClient"):
            portal.clients.create(is_account_abstracted=True)
        with pytest.warns(DeprecationWarning, match="parameter sort of listClients is") as told:
            next(iter(portal.clients.iter(sort="id")))
        assert [warning.filename for warning in told] == [__file__]
        with pytest.warns(DeprecationWarning, match="operation getClient is deprecated") as told:
            client = portal.clients.get(created.id)
        assert [warning.filename for warning in told] == [__file__]
    client = type(client).from_dict({**client.to_dict(), "address": "0x1"})
    assert copy.deepcopy(client) == pickle.loads(pickle.dumps(client)) == client
    with pytest.warns(DeprecationWarning, match="Client.address is deprecated by the API") as told:
        assert client.address == "0x1"
    assert [warning.filename for warning in told] == [__file__]
    body = package.models.CreateClientRequest(is_account_abstracted=True)
    with pytest.warns(DeprecationWarning, match="is_account_abstracted is deprecated"):
        body.is_account_abstracted = False
    assert body.to_dict() == {"isAccountAbstracted": False}
    resource = package.resources.ClientsResource
    for documented in (resource.create, resource.list, resource.get, package.models.Client):
        assert "Deprecated by the API." in " ".join((documented.__doc__ or "").split())
    assert resource.get.__deprecated__.startswith("The operation getClient")


def test_type_checkers_show_deprecations(package: ModuleType, tree: Tree) -> None:
    (tree.root / "consumer.py").write_text(CONSUMER)
    tree.package.rename(tree.root / "package_with_deprecations")
    options = ("--strict", "--enable-error-code=deprecated", "--config-file=", "--no-incremental")
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", *options, "consumer.py"],
        cwd=tree.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stdout
