"""What the site says of the API, made from the OpenAPI document: examples and the HTTP reference.

The functions need the package alone; `setup` makes a Sphinx extension of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from textwrap import wrap
from typing import Any

import portal_v1
from portal_v1.api import OPERATIONS

_REFERENCE_PAGE = "reference/http"


@cache
def document() -> dict[str, Any]:
    """Return the document that the package was made from."""
    loaded: dict[str, Any] = json.loads((files(portal_v1) / "openapi.json").read_text("utf-8"))
    return loaded


def example_call(operation_id: str, method: str | None = None, client: str = "portal") -> str:
    """Return a call of an operation in Python, its arguments taken from the document's examples.

    Args:
        operation_id: The operation.
        method: The method to call, where it is not the operation's first one.
        client: The variable that holds the client.
    """
    operation = OPERATIONS[operation_id]
    node = _node(operation_id)
    values = {one["name"]: _example(one) for one in map(_resolve, node["parameters"])}
    arguments = [
        f"{'' if one.location == 'path' else one.python_name + '='}{_literal(values[one.name])}"
        for one in operation.parameters
        if one.required
    ]
    if operation.body is not None:
        body = _example(_json_media(_resolve(node["requestBody"])))
        arguments += [
            f"{one.python_name}={_literal(body[one.name])}"
            for one in operation.body.arguments
            if one.name in (body or ())
        ]
    name = method or operation.method_name
    return f"{client}.{operation.resource}.{name}({', '.join(arguments)})"


def example_answer(operation_id: str) -> tuple[int, Any]:
    """Return the status and the JSON of the document's example of a success, None for none."""
    responses = _node(operation_id)["responses"]
    status = next(one for one in responses if one.startswith("2"))
    return int(status), _example(_json_media(_resolve(responses[status])))


def example_session(
    operation_id: str, method: str | None = None, *, is_async: bool = False
) -> list[str]:
    """Return an example of a call as an interpreter shows it, line by line."""
    operation = OPERATIONS[operation_id]
    status, answer = example_answer(operation_id)
    call = example_call(operation_id, method, "async_portal" if is_async else "portal")
    if answer is None:
        return [f">>> {'await ' if is_async else ''}{call}"]
    value = operation.responses[status](json.dumps(answer).encode())
    if method is not None and method == operation.iterator_name:
        loop = f">>> {'async ' if is_async else ''}for item in {call}:"
        return [loop, "...     print(item)", *map(repr, value)]
    return [f">>> {'await ' if is_async else ''}{call}", repr(value)]


def http_reference() -> str:
    """Return what the API over HTTP has, as Markdown; every field is on Redoc's page."""
    server = document()["servers"][0]
    scheme, *_ = document()["components"]["securitySchemes"].values()
    lines = [
        document()["info"]["description"].strip(),
        f"\nThe base URL is `{server['url']}`.",
        "\nEvery request carries `Authorization: Bearer <key>`.",
        f"The key: {scheme['description']}\n",
        "| request | | in Python |",
        "| --- | --- | --- |",
    ]
    for operation_id, operation in OPERATIONS.items():
        call = f"portal.{operation.resource}.{operation.method_name}()"
        summary = _node(operation_id).get("summary", operation_id)
        lines.append(f"| `{operation.method} {operation.path}` | {summary} | `{call}` |")
    return "\n".join(lines)


def _node(operation_id: str) -> dict[str, Any]:
    """Return an operation of the document, the parameters of its path among its own."""
    operation = OPERATIONS[operation_id]
    item = document()["paths"][operation.path]
    node = item[operation.method.lower()]
    return {**node, "parameters": [*item.get("parameters", ()), *node.get("parameters", ())]}


def _json_media(node: Mapping[str, Any]) -> dict[str, Any]:
    media: dict[str, Any] = node.get("content", {}).get("application/json", {})
    return media


def _example(node: Mapping[str, Any]) -> Any:
    """Return the example of a parameter or of a body, else of its schema; None for none."""
    schema = _resolve(node.get("schema", {}))
    return node.get("example", next(iter(schema.get("examples", ())), None))


def _literal(value: Any) -> str:
    return json.dumps(value) if isinstance(value, str) else repr(value)


def _resolve(node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        target: Any = document()
        for key in node["$ref"].removeprefix("#/").split("/"):
            target = target[key]
        node = target
    return node


def _add_examples(
    _app: Any, what: str, _name: str, documented: Any, _options: Any, lines: list[str]
) -> None:
    """Give each method of a resource an example, and show code in docstrings as code."""
    lines[:] = re.sub(r"(?<!`)`([^`]+)`(?!`)", r"``\1``", "\n".join(lines)).split("\n")
    package, _, resource = getattr(documented, "__module__", "").rpartition(".resources.")
    if what == "method" and package:
        kind, method = documented.__qualname__.split(".")
        for operation_id, operation in OPERATIONS.items():
            names = {operation.method_name, operation.iterator_name}
            if operation.resource == resource and method in names:
                session = example_session(operation_id, method, is_async=kind.startswith("Async"))
                shown = (wrap(line, 72, subsequent_indent="    ") for line in session)
                lines += ["", "Example:", *(f"    {line}" for part in shown for line in part), ""]
    for number, line in enumerate(lines):
        if line == "Example:" and "`" not in lines[number + 1]:
            lines[number + 1 :] = [
                *("", "    .. code-block:: python", ""),
                *(f"    {rest}" if rest else "" for rest in lines[number + 1 :]),
            ]
            break


def _fill_page(_app: Any, page: str, source: list[str]) -> None:
    if page == _REFERENCE_PAGE:
        source[0] += http_reference()


def setup(app: Any) -> dict[str, Any]:
    """Connect to Sphinx. Docstrings are seen before napoleon reads their sections."""
    app.connect("autodoc-process-docstring", _add_examples, priority=400)
    app.connect("source-read", _fill_page)
    return {"parallel_read_safe": True, "version": portal_v1.__version__}
