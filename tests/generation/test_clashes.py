"""Names that would mean two things stop the generation, and the message says which."""

from __future__ import annotations

from typing import Any

import pytest

from tests.generation._support import CLIENT, CLIENTS, Tree


def renamed(document: dict[str, Any], old: str, new: str) -> None:
    """Give a schema another name, wherever it is referred to."""
    schemas = document["components"]["schemas"]
    schemas[new] = schemas.pop(old)

    def walk(node: Any) -> None:
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            if value == f"#/components/schemas/{old}":
                node[key] = f"#/components/schemas/{new}"
            elif isinstance(value, (dict, list)):
                walk(value)

    walk(document)


@pytest.mark.parametrize("name", ["Portal", "AsyncPortal", "Mapping", "ClientsResource", "Unset"])
def test_a_schema_named_like_a_class_of_the_generated_code(tree: Tree, name: str) -> None:
    with tree.edited() as document:
        renamed(document, "Client", name)
    assert f"A schema comes to the class {name}, which the generated code has." in tree.refused()


@pytest.mark.parametrize("name", ["toDict", "fromDict", "additionalProperties"])
def test_a_property_named_like_a_method_of_models(tree: Tree, name: str) -> None:
    with tree.edited() as document:
        document["components"]["schemas"]["Client"]["properties"][name] = {"type": "string"}
    assert f"Client: the property {name} comes to " in tree.refused()


def test_a_tag_named_like_a_method_of_the_client(tree: Tree) -> None:
    with tree.edited() as document:
        document["paths"][CLIENT]["get"]["tags"] = ["Close"]
    assert "The tag Close comes to close, which the client has." in tree.refused()


def test_a_tag_that_cannot_name_a_class(tree: Tree) -> None:
    with tree.edited() as document:
        document["paths"][CLIENT]["get"]["tags"] = ["42"]
    assert "The tag 42 cannot name a class." in tree.refused()


def test_a_method_named_like_an_iterator(tree: Tree) -> None:
    with tree.edited() as document:
        document["paths"][CLIENTS]["post"]["x-method-name"] = "iter"
    said = tree.refused()
    assert "several operations come to the method iter: listClients, createClient" in said


def test_no_operation_at_all(tree: Tree) -> None:
    with tree.edited() as document:
        document["paths"] = {}
    assert "The document has no operations." in tree.refused()
