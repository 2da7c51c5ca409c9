"""Call every operation of a package against its mock; print as JSON what failed, by operation.

    python -m tests.generation.exercise FOLDER

Each is called with the required arguments and with all of them, sync and async.
"""

from __future__ import annotations

import asyncio
import importlib
import io
import json
import os
import sys
import typing
import warnings
from collections.abc import Iterator
from contextlib import suppress
from itertools import product
from typing import Any

from tests.contract._package import (
    PACKAGE_VARIABLE,
    Endpoint,
    UnfitError,
    document,
    endpoints,
    fit,
    flatten,
    package,
)

_DEPTH = 3
_ORDER = ("create", "list", "read", "use", "change", "replace", "remove")


def mock_module(name: str) -> Any:
    return importlib.import_module(f"{package().__name__}.mock{name}")


def make_arguments(endpoint: Endpoint, operation: Any, *, whole: bool) -> dict[str, Any]:
    """Return the required arguments of an operation's functions, or all."""
    schemas = {(one.location, one.name): one.schema for one in operation.parameters}
    found = {}
    for one in endpoint.parameters:
        if one.required or whole:
            value = _make_value(schemas[one.location, one.name], whole=whole)
            found[one.python_name] = fit(value, endpoint.hints[one.python_name])
    if endpoint.body is not None and (endpoint.body.required or whole):
        media_type, hint = endpoint.body.media_types[0], endpoint.hints["body"]
        schema = operation.body.content[media_type.partition(";")[0]]
        value = _make_value(schema, whole=whole)
        found["body"] = _fit_body(schema, value, hint, is_json="json" in media_type)
    return found


def _make_value(schema: Any, *, whole: bool, depth: int = 0) -> Any:
    """Return an example, with whatever is optional if that is valid: no list is empty."""
    least = value = mock_module("._responses").find_example(schema)
    if value == []:
        value = [_make_value(schema.items, whole=whole, depth=depth + 1)]
    elif isinstance(value, dict) and whole and depth < _DEPTH:
        inner = {k: v for k, v in schema.properties.items() if not v.flat.get("readOnly")}
        more = {k: _make_value(v, whole=True, depth=depth + 1) for k, v in inner.items()}
        value = value | more
    return value if schema.is_valid(value) else least


def _fit_body(schema: Any, value: Any, hint: Any, *, is_json: bool) -> Any:
    """Return the argument for a body; the files of one that is no JSON are bytes."""
    for one in typing.get_args(hint) or (hint,):
        if one is package().types.File:
            content = value.encode() if isinstance(value, str) else json.dumps(value).encode()
            return one(io.BytesIO(content), "a.txt", "text/plain")
        if isinstance(value, dict) and hasattr(one, "from_dict"):
            with suppress(TypeError, ValueError):
                return one.from_dict(value if is_json else _to_bytes(schema, value))
    return fit(value, hint)


def _to_bytes(schema: Any, value: Any) -> Any:
    if isinstance(value, list):
        return [_to_bytes(schema.items, one) for one in value]
    if isinstance(value, dict):
        inner = schema.properties
        return {k: _to_bytes(inner[k], one) if k in inner else one for k, one in value.items()}
    return value.encode() if schema.flat.get("format") == "binary" else value


def _rounds() -> Iterator[tuple[Endpoint, Any, Any]]:
    """Yield each operation with its effect, those first that make what others ask for."""
    operations = [*mock_module("._operations").compile_operations(document())]
    effects = mock_module("._operations").find_effects(operations)
    known = {(one.method, one.path): one for one in endpoints()}
    found = []
    for operation, effect in zip(operations, effects, strict=True):
        does = "use" if effect is None else effect.does
        depth = operation.path.count("/")
        rank = (_ORDER.index(does), -depth if does == "remove" else depth)
        found.append((rank, known[operation.method, operation.path], operation, effect))
    yield from (entry[1:] for entry in sorted(found, key=lambda entry: entry[0]))


def exercise(*, is_async: bool, whole: bool) -> dict[str, str]:
    """Call each operation once: its function, or its async method; return what failed."""
    failures: dict[str, str] = {}
    made: dict[str, Any] = {}
    mock_class = getattr(mock_module(""), f"Mock{package().client.SERVICE.name}")
    with mock_class() as mock, asyncio.Runner() as runner:
        names = {one.credential.name for one in endpoints() if one.credential} - {None}
        options: dict[str, Any] = {"keys": dict.fromkeys(names, "a:key")} if names else {}
        client = mock.async_client(**options) if is_async else mock.client(**options)
        for endpoint, operation, effect in _rounds():
            try:
                given = make_arguments(endpoint, operation, whole=whole)
                for one in (one for one in endpoint.parameters if one.location == "path"):
                    place = f"{endpoint.path.partition(f'{{{one.name}}}')[0]}{{{one.name}}}"
                    with suppress(KeyError, UnfitError):  # It is known, and fits there.
                        given[one.python_name] = fit(made[place], endpoint.hints[one.python_name])
                if is_async:
                    resource = getattr(client, endpoint.resource)
                    method = getattr(resource.with_response, endpoint.method_name)
                    found = runner.run(method(**flatten(method, given)))
                else:
                    found = endpoint.module.sync_detailed(client=client, **given)
                if effect is not None and effect.does == "create":
                    answer = json.loads(found.content)
                    item = answer[effect.envelope] if effect.envelope else answer
                    made[effect.collection.item] = item[effect.collection.identifier]
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what to tell
                documented = endpoint.definition.get("responses", {})
                if any(status[:1] in "2d" for status in documented) or not hasattr(error, "body"):
                    said = getattr(error, "body", None) or error
                    failures[str(endpoint)] = f"{type(error).__name__}: {said}"
    return failures


def main() -> None:
    """Run all four rounds."""
    os.environ[PACKAGE_VARIABLE] = sys.argv[1]
    warnings.simplefilter("ignore")
    failures: dict[str, str] = {}
    for is_async, whole in product((False, True), repeat=2):
        name = f"{'async' if is_async else 'sync'}, {'all' if whole else 'required'}"
        found = exercise(is_async=is_async, whole=whole)
        failures |= {f"{operation} ({name})": text for operation, text in found.items()}
    sys.stdout.write(json.dumps(failures))


if __name__ == "__main__":
    main()
