# Edited in overrides/package/mock/_reference.py, from where `make generate` copies it.
"""The API reference as one HTML page, from the document."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any

from ._json import is_array, is_object, members
from ._schemas import Schemas

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_DEPTH = 6
_STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem;
  overflow-wrap: anywhere; }
h2 { margin-top: 2.5rem; border-top: 1px solid; padding-top: 1rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
pre { overflow-x: auto; padding: .7rem; background: #8882; }
ul { padding-left: 1.2rem; }
.method { font-weight: 700; }
.muted { opacity: .75; }
"""


def reference(document: Mapping[str, Any]) -> str:
    """The page. Every text of the document is escaped."""
    schemas = Schemas(document, "response")
    info = members(document, "info")
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width, initial-scale=1'>",
        f"<title>{_text(info.get('title'))}: reference</title><style>{_STYLE}</style></head><body>",
        f"<p><a href='./'>Inspector</a></p><h1>{_text(info.get('title'))}</h1>",
        f"<p class='muted'>Version {_text(info.get('version'))}</p>",
        *_paragraphs(info.get("description")),
    ]
    for path, node in members(schemas.document, "paths").items():
        item = schemas.resolve(node)
        for method in _METHODS:
            if method in item:
                parts.extend(_operation(schemas, method, path, item))
    return "".join([*parts, "</body></html>"])


def _operation(schemas: Schemas, method: str, path: str, item: Mapping[str, Any]) -> Iterator[str]:
    node = item[method]
    name = _text(node.get("operationId", f"{method} {path}"))
    yield f"<section id='{name}'><h2>{_text(node.get('summary') or name)}</h2>"
    yield f"<p><code><span class='method'>{method.upper()}</span> {_text(path)}</code><br>"
    yield f"<span class='muted'>operationId <code>{name}</code></span></p>"
    yield from _paragraphs(node.get("description"))
    parameters = [
        schemas.resolve(one) for one in (*item.get("parameters", ()), *node.get("parameters", ()))
    ]
    if parameters:
        yield "<h3>Parameters</h3><ul>"
        for one in parameters:
            need = "required" if one.get("required") else "optional"
            yield f"<li><code>{_text(one.get('name'))}</code>, {_text(one.get('in'))}, {need}"
            yield f": {_text(one.get('description'))}</li>"
        yield "</ul>"
    if "requestBody" in node:
        body = schemas.resolve(node["requestBody"])
        yield "<h3>Request body</h3>"
        yield from _paragraphs(body.get("description"))
        yield from _content(schemas, body)
    yield "<h3>Answers</h3>"
    for status, response in members(node, "responses").items():
        resolved = schemas.resolve(response)
        yield f"<h4>{_text(status)}</h4>"
        yield from _paragraphs(resolved.get("description"))
        yield from _content(schemas, resolved)
    yield "</section>"


def _content(schemas: Schemas, node: Mapping[str, Any]) -> Iterator[str]:
    for media_type, media in members(node, "content").items():
        yield f"<p class='muted'><code>{_text(media_type)}</code></p>"
        schema = media.get("schema", True)
        yield from _schema(schemas, schema, 0)
        example = next(_examples(schemas, media, schema), None)
        if example is not None:
            text = json.dumps(example, ensure_ascii=False, indent=2)
            yield f"<pre>{_text(text)}</pre>"


def _schema(schemas: Schemas, schema: Any, depth: int) -> Iterator[str]:
    node = schemas.resolve(schema)
    if not is_object(node) or depth > _DEPTH:
        return
    if "items" in node:
        yield from _schema(schemas, node["items"], depth + 1)
    for part in (one for key in ("allOf", "anyOf", "oneOf") for one in node.get(key, ())):
        yield from _schema(schemas, part, depth + 1)
    properties = members(node, "properties")
    if not properties:
        return
    required = node.get("required", ())
    yield "<ul>"
    for name, inner in properties.items():
        shape = schemas.resolve(inner)
        kinds = " or ".join(sorted(schemas.types(inner))) or "any"
        need = "" if name in required else ", optional"
        about = shape.get("description") if is_object(shape) else ""
        yield f"<li><code>{_text(name)}</code> {_text(kinds)}{need}: {_text(about)}"
        yield from _schema(schemas, inner, depth + 1)
        yield "</li>"
    yield "</ul>"


def _examples(schemas: Schemas, media: Mapping[str, Any], schema: Any) -> Iterator[Any]:
    if "example" in media:
        yield media["example"]
    for node in (media.get("examples"), schemas.resolve(schema)):
        given: Any = node.get("examples") if is_object(node) else None
        values: Iterable[Any] = given if is_array(given) else ()
        yield from values


def _paragraphs(text: Any) -> Iterator[str]:
    for block in str(text or "").split("\n\n"):
        if block.strip():
            yield f"<p>{_text(block.strip())}</p>"


def _text(value: Any) -> str:
    return escape("" if value is None else str(value), quote=True)
