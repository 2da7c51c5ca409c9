"""Which values an annotation in the source takes, as far as two of them can be compared."""

from __future__ import annotations

import ast

_ANYTHING = {"Any", "typing.Any", "object"}


def takes_all(annotation: str | None, other: str | None) -> bool:
    """Tell whether `annotation` surely takes every value that `other` takes.

    Only unions are looked into; of two that differ otherwise, nothing is sure.
    """
    if annotation is None or annotation == other:
        return True
    if other is None:
        return False
    own = _members(annotation)
    return bool(own & _ANYTHING) or _members(other) <= own


def _members(annotation: str) -> set[str]:
    try:
        return set(_parts(ast.parse(annotation, mode="eval").body))
    except SyntaxError:
        return {annotation}


def _parts(node: ast.expr) -> list[str]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return [*_parts(node.left), *_parts(node.right)]
    if isinstance(node, ast.Subscript):
        name = ast.unparse(node.value).rpartition(".")[2]
        if name == "Optional":
            return [*_parts(node.slice), "None"]
        if name == "Union" and isinstance(node.slice, ast.Tuple):
            return [part for item in node.slice.elts for part in _parts(item)]
    return [ast.unparse(node)]


def names_in(annotation: str | None) -> set[str]:
    """Return each name that an annotation is made of, dotted ones whole."""
    try:
        return set(_names(ast.parse(annotation or "None", mode="eval").body))
    except SyntaxError:
        return set()


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Name | ast.Attribute):
        return [ast.unparse(node)]
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [*names_in(node.value)]  # A forward reference.
    return [name for child in ast.iter_child_nodes(node) for name in _names(child)]
