"""What goes wrong once the document is read: each failure is named, and nothing is touched."""

from __future__ import annotations

import pytest

from tests.generation._support import CLIENT, CLIENTS, Tree


def test_the_generator_warns(tree: Tree) -> None:
    with tree.edited() as document:
        answer = document["paths"][CLIENT]["get"]["responses"]["200"]
        answer["content"] = {"image/png": {"schema": {"type": "string", "format": "binary"}}}
    said = tree.refused()
    assert "image/png" in said
    assert CLIENT in said


def test_the_generator_cannot_take_a_schema(tree: Tree) -> None:
    with tree.edited() as document:
        client = document["components"]["schemas"]["Client"]
        client["properties"]["status"] = {"enum": ["a", 1], "description": "Mixed."}
    assert "status" in tree.refused().lower()


def test_the_generator_fails(tree: Tree) -> None:
    with tree.edited() as document:
        client = document["components"]["schemas"]["Client"]
        client["properties"]["status"] = {"type": "string", "enum": ["a", "A"]}
    said = tree.refused()
    assert "openapi-python-client fails over this document." in said
    assert "Duplicate key A in enum" in said


def test_two_schemas_of_one_name(tree: Tree) -> None:
    with tree.edited() as document:
        schemas = document["components"]["schemas"]
        schemas["client_summary"] = schemas["ClientSummary"]
    assert "ClientSummary" in tree.refused()


def test_two_methods_of_one_name(tree: Tree) -> None:
    with tree.edited() as document:
        document["paths"][CLIENTS]["get"]["x-method-name"] = "create"
    said = tree.refused()
    assert "create" in said
    assert "listClients" in said or "list_clients" in said


def test_a_template_with_a_syntax_error(tree: Tree) -> None:
    template = tree.templates / "types.py.jinja"
    lines = template.read_text().count("\n")
    template.write_text(template.read_text() + "\n{% if %}\n")
    said = tree.refused()
    assert f"types.py.jinja, line {lines + 2}: " in said


@pytest.mark.parametrize(
    "expression", ["{{ nothing.at_all }}", "{{ openapi.models[0].nothing() }}", "{{ 1 + 'a' }}"]
)
def test_a_template_that_fails(tree: Tree, expression: str) -> None:
    template = tree.templates / "types.py.jinja"
    lines = template.read_text().count("\n")
    template.write_text(template.read_text() + f"\n{expression}\n")
    assert f"types.py.jinja, line {lines + 2}: " in tree.refused()


def test_code_that_ruff_cannot_read(tree: Tree) -> None:
    (tree.modules / "_broken.py").write_text("def broken(:\n    pass\n")
    said = tree.refused()
    assert "ruff check failed on the rendered package" in said
    assert "_broken.py:1:" in said


def test_an_import_that_ruff_finds_unused_but_cannot_drop(tree: Tree) -> None:
    (tree.modules / "_broken").mkdir()
    (tree.modules / "_broken" / "__init__.py").write_text("from .inner import X\n")
    (tree.modules / "_broken" / "inner.py").write_text("X = 1\n")
    said = tree.refused()
    assert "__init__.py" in said
    assert "F401" in said


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("def late() -> int:\n    return nowhere + 1\n", "F821"),
        ("def twice() -> int:\n    return 1\n\n\ndef twice() -> int:\n    return 2\n", "F811"),
        ("__all__ = ['nowhere']\n", "F822"),
    ],
)
def test_names_that_are_undefined_or_defined_twice(tree: Tree, code: str, rule: str) -> None:
    (tree.modules / "_broken.py").write_text(code)
    said = tree.refused()
    assert "_broken.py" in said
    assert rule in said


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("import nothing_like_it\n\nX = nothing_like_it.X\n", "No module named 'nothing_like_it'"),
        ("X = 1\nY = X / 0\n", "(portal_v1/_broken.py, line 2): ZeroDivisionError"),
        ("import warnings\n\nwarnings.warn('old', stacklevel=1)\n", "UserWarning: old"),
        ("import sys\n\nsys.exit(3)\n", "SystemExit: 3"),
        ("import os\n\nos._exit(3)\n", "the interpreter ended with exit code 3"),
    ],
)
def test_a_module_that_does_not_import(tree: Tree, code: str, what: str) -> None:
    (tree.modules / "_broken.py").write_text(code)
    said = tree.refused()
    assert "The rendered package does not import" in said
    assert what in said


def test_only_the_mock_may_need_an_extra(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generation.importing._OPTIONAL", {"mock": {"no_such_extra"}})
    (tree.modules / "_extra.py").write_text("import no_such_extra\n\nX = no_such_extra.X\n")
    assert "portal_v1._extra" in tree.refused()


def test_a_mock_that_cannot_be_tried(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generation.importing._OPTIONAL", {"mock": {"no_such_extra"}})
    (tree.modules / "mock" / "_extra.py").write_text(
        "import no_such_extra\n\nX = no_such_extra.X\n"
    )
    assert (
        "Not tried, as what they need is not installed: portal_v1.mock._extra." in tree.generated()
    )
