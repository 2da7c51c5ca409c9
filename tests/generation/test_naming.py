"""What a document's operations, tags and title are called in Python."""

from collections.abc import Callable
from typing import Any

import pytest
from generation.errors import GenerationError
from generation.naming import client_name, singular
from generation.operations import read_operations

from tests.generation._support import check, document_of


def name(path: str, tag: str, more: str = "") -> str:
    """Name the one operation of a document."""
    method, path = path.split()
    text = f"paths: {{'{path}': {{{method}: {{tags: [{tag}], {more} responses: OK}}}}}}"
    (operation,) = read_operations(document_of(text))
    return f"{operation.resource}.{operation.method}"


@pytest.mark.parametrize(
    ("path", "tag", "named"),
    [
        ("get /custodians/me/clients", "Clients", "clients.list"),
        ("post /custodians/me/clients", "Clients", "clients.create"),
        ("get /custodians/me/clients/{clientId}", "Clients", "clients.get"),
        ("patch /custodians/me/clients/{clientId}", "Clients", "clients.update"),
        ("put /custodians/me/clients/{clientId}", "Clients", "clients.replace"),
        ("delete /custodians/me/clients/{clientId}", "Clients", "clients.delete"),
        ("post /me/clients/{clientId}/sessions", "Clients", "clients.create_session"),
        ("post /clients/{clientId}/archive", "Clients", "clients.archive"),
        ("get /clients/{clientId}/web-otp", "Clients", "clients.get_web_otp"),
        ("get /clients/{id}/wallet-shares", "Wallet shares", "wallet_shares.list"),
        ("get /clients/{id}/wallet-shares/{id2}", "Wallet shares", "wallet_shares.get"),
        ("get /clients/{id}/ejectable-backups", "Shares", "shares.list_ejectable_backups"),
        ("get /clients/{id}/wallets/{walletId}/shares", "Clients", "clients.list_wallet_shares"),
        ("post /requests/{id}/approve", "Sessions", "sessions.approve_request"),
        ("get /health", "Service", "service.get_health"),
        ("get /", "Service", "service.get"),
        # A tag that is no Python name.
        ("get /things", "0x", "tag_0x.list_things"),
        ("get /things", "EIP-7702", "eip_7702.list_things"),
        ("get /things", "'🔑'", "key.list_things"),
        ("get /things", "class", "class_.list_things"),
        ("get /things", "Close", "close_.list_things"),
        ("get /things", "'  '", "tag_.list_things"),
    ],
)
def test_names_without_operation_ids(path: str, tag: str, named: str) -> None:
    assert name(path, tag) == named


def test_another_path_changes_no_name_and_a_clash_is_told_with_both_places() -> None:
    text = "paths:\n  /clients: {get: {tags: [Clients], responses: OK}}\n"
    (before,) = read_operations(document_of(text))
    text += "  /clients/a: {get: {tags: [Clients], responses: OK}}\n"
    first, _ = read_operations(document_of(text))
    assert first.method == before.method
    _, told = check(f"{text}  /a/a: {{get: {{tags: [Clients], responses: OK}}}}", read_operations)
    for what in ("(line 5): several operations come to the method clients.get_a;", "(line 6)"):
        assert what in told
    assert '"x-method-name": "get_a_…"' in told


def test_names_that_the_document_says() -> None:
    for said, named in (
        ("x-method-name: two words", "two_words"),
        ("x-method-name: getAll", "getAll"),
        ("operationId: listClients", "list"),
        ("operationId: refreshClientSession", "refresh_session"),
        ("operationId: 3ds/check", "call_3ds_check"),
        ("operationId: import", "import_"),
        ("operationId: clients", "clients"),
    ):
        assert name("get /x", "Clients", f"{said},") == f"clients.{named}"
    text = "paths: {/a: {get: {tags: [Xs], operationId: getX, responses: OK},"
    text += " put: {tags: [Xs], operationId: getXs, responses: OK}}}"
    assert [one.method for one in read_operations(document_of(text))] == ["get_x", "get_xs"]


def test_the_clients_name_and_the_singular() -> None:
    titles = {"Portal Custodian API": "PortalCustodian", "API": "API"}
    titles |= {"3D Shop": "Client3DShop", "♥": "BlackHeartSuit"}
    assert {one: client_name({"info": {"title": one}}) for one in titles} == titles
    words = {"policies": "policy", "addresses": "address", "boxes": "box", "status": "status"}
    assert {one: singular(one) for one in words} == words


def test_names_of_schemas_and_properties(shop: Callable[[str], Any]) -> None:
    made, notes = shop(
        "paths: {/a: {get: {operationId: a, tags: [Mapping], responses: OK,"
        " parameters: [{name: self, in: query, schema: {type: string}},"
        " {name: page.size, in: query, schema: {type: string}},"
        " {name: page_size, in: query, schema: {type: string}},"
        " {name: 'page[no]', in: query, schema: {type: integer}}]}}}\n"
        "components: {schemas: {Mapping: {type: object, properties: {to_dict: {type: string},"
        " '+1': {type: integer}, $: {type: string}, '@': {type: string}, x: {}, X: {}}}}}\n"
    )
    assert "The schema Mapping is the class MappingModel." in notes
    given = {"to_dict": "a", "+1": 1, "$": "b", "@": "c", "x": 1, "X": 2, "more": None}
    model = made.models.MappingModel.from_dict(given)
    assert (model.to_dict(), model.x_field) == (given, 2)
    operation = made.api.OPERATIONS["a"]
    assert [(p.name, p.python_name) for p in operation.parameters] == [
        ("self", "self_"),
        ("page.size", "page_size"),
        ("page_size", "page_size_field"),
        ("page[no]", "page_no"),
    ]


def test_names_that_come_to_one(shop: Callable[[str], Any]) -> None:
    inner = "{type: object, properties: {a: {type: string}}}"
    text = (
        "paths: {/a: {get: {operationId: a-b, tags: [T], responses: OK},"
        " post: {operationId: a_b, tags: [U], responses: OK, parameters: [{name: p, in: query,"
        " description: Own words., schema: {$ref: '#/components/schemas/AB2Body'}}],"
        f" requestBody: {{content: {{application/json: {{schema: {inner}}}}}}}}}}}}}\n"
        "components: {schemas: {AB2Body: {type: string, enum: [x]}}}\n"
    )
    made, notes = shop(text)
    assert "The schema AB2Body is the class AB2BodyModel." in notes
    assert made.models.AB2Body(a="x").to_dict() == {"a": "x"}
    assert "p: Own words." in (made.resources.UResource.a_b.__doc__ or "")
    with pytest.raises(GenerationError, match=r"content \(line 3\).*conflicting enums"):
        shop(text.replace(inner, "{type: string, title: Body, enum: [y]}"))
