"""The names that the templates need beyond those of openapi-python-client."""

from __future__ import annotations

import ast
import builtins
import keyword
import re
from collections.abc import Iterable
from typing import Any

from openapi_python_client import strings

from .errors import GenerationError


def client_name(document: dict[str, Any]) -> str:
    """Return the name of the client class: what the document says, else its title."""
    info = document["info"]
    name = (info.get("x-client") or {}).get("name") or strings.pascal_case(info["title"])
    if not name.isidentifier() or keyword.iskeyword(name):
        raise GenerationError(
            f"{name!r} cannot be the name of a class. Set info.x-client.name in the document."
        )
    return str(name)


def environment_prefix(name: str) -> str:
    """Return the prefix of the environment variables for a client of this name."""
    return strings.snake_case(name).upper()


def resource_class(tag: str) -> str:
    """Return the name of the class that holds the operations of a tag."""
    return strings.pascal_case(tag) + "Resource"


def method_name(operation: dict[str, Any], operation_id: str, tag: str) -> str:
    """Return the name of an operation's method.

    It is what the vendor extension says, else the operationId with the tag's words, in singular
    and plural, taken out: `listClients` under `Clients` is `list`.
    """
    name = operation.get("x-method-name")
    if name is None:
        words = strings.snake_case(operation_id).split("_")
        noise = _singular_and_plural(strings.snake_case(tag).split("_"))
        name = "_".join(word for word in words if word not in noise) or "_".join(words)
        return f"{name}_" if keyword.iskeyword(name) else name
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
        raise GenerationError(f"{operation_id}: x-method-name {name!r} cannot name a method.")
    if name.startswith("_"):
        raise GenerationError(f"{operation_id}: x-method-name {name!r} would be private.")
    return name


def iterator_name(method: str) -> str:
    """Return the name of the method that yields what `method` returns in a list."""
    return "iter" if method == "list" else f"iter_{method}"


def _singular_and_plural(words: Iterable[str]) -> set[str]:
    both: set[str] = set()
    for word in words:
        both |= {word, f"{word}s", word.removesuffix("s"), re.sub("ies$", "y", word)}
    return both


def qualify_builtins(annotation: str, methods: Iterable[str]) -> str:
    """Return an annotation for a class whose methods have these names.

    Inside a class with a method `list`, the word list means that method.
    """
    hidden = [name for name in methods if hasattr(builtins, name)]
    if not hidden:
        return annotation
    return re.sub(rf"(?<![\w.])({'|'.join(hidden)})(?!\w)", r"builtins.\1", annotation)


def tidy_annotation(annotation: str) -> str:
    """Return an annotation in which None and Unset stand behind the other parts of a union."""
    return ast.unparse(_Tidy().visit(ast.parse(annotation, mode="eval")))


class _Tidy(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        parts = sorted(map(self.visit, _parts(node)), key=_rank)
        union: ast.expr = parts[0]
        for part in parts[1:]:
            union = ast.BinOp(union, ast.BitOr(), part)
        return union


def _parts(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return [*_parts(node.left), *_parts(node.right)]
    return [node]


def _rank(node: ast.expr) -> int:
    return {"Unset": 1, "None": 2}.get(ast.unparse(node), 0)
