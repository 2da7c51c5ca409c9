"""Calls every operation of a package against its mock, and tells what failed.

CONTRACT_PACKAGE=FOLDER python -m tests.generation.exercise

Each is called with the required arguments and with all of them, sync and async.
"""

import asyncio
import importlib
import io
import json
import sys
import typing
import warnings
from collections.abc import Iterator
from contextlib import suppress
from itertools import product
from typing import Any

from tests.contract._package import DOCUMENT, ENDPOINTS, NAME, PACKAGE, SERVICE, Endpoint

_ORDER = ("create", "list", "read", "use", "change", "replace", "remove")


def mock_module(name: str) -> Any:
    return importlib.import_module(f"{NAME}.mock{name}")


def make_arguments(endpoint: Endpoint, operation: Any, *, whole: bool) -> dict[str, Any]:
    """Return the required arguments of an operation's functions, or all."""
    schemas = {(one.location, one.name): one.schema for one in operation.parameters}
    wanted = [one for one in endpoint.parameters if one.required or whole]
    pairs = ((one.python_name, schemas[one.location, one.name]) for one in wanted)
    found = {name: _make_value(schema, whole=whole) for name, schema in pairs}
    if endpoint.body is not None and (endpoint.body.required or whole):
        media_type = endpoint.body.media_types[0]
        schema = operation.body.content[media_type.partition(";")[0]]
        value = _make_value(schema, whole=whole)
        value = value if "json" in media_type else _to_files(schema, value)
        found["body"] = _make_body(value, endpoint.hints["body"])
    return found


def _make_value(schema: Any, *, whole: bool) -> Any:
    """Return an example in which no list is empty; all fields of an object if that is valid."""
    least = value = mock_module("._responses").find_example(schema)
    if value == []:
        value = [_make_value(schema.items, whole=False)]
    elif isinstance(value, dict) and whole:
        inner = {k: v for k, v in schema.properties.items() if not v.flat.get("readOnly")}
        value = value | {k: _make_value(v, whole=False) for k, v in inner.items()}
    return value if schema.is_valid(value) else least


def _make_body(value: Any, hint: Any) -> Any:
    kinds, file = typing.get_args(hint) or (hint,), PACKAGE.types.File
    if file in kinds and not isinstance(value, file):
        return file(io.BytesIO(json.dumps(value).encode()), "a.txt", "text/plain")
    for kind in kinds if isinstance(value, dict) else ():
        with suppress(AttributeError, TypeError, ValueError):
            return kind.from_dict(value)
    return value


def _to_files(schema: Any, value: Any) -> Any:
    """Return the fields of a form, files where they are to be."""
    if isinstance(value, list):
        return [_to_files(schema.items, one) for one in value]
    if isinstance(value, dict):
        inner = schema.properties
        return {k: _to_files(inner[k], one) if k in inner else one for k, one in value.items()}
    is_file = schema.flat.get("format") == "binary"
    return PACKAGE.types.File(io.BytesIO(value.encode()), "a.txt") if is_file else value


def exercise(*, is_async: bool, whole: bool) -> Iterator[str]:
    """Call each operation once, those first that make what others ask for; yield what failed."""
    compiled = mock_module("._operations").compile_operations(DOCUMENT)
    operations = {(one.method, one.path): one for one in compiled}
    made: dict[str, Any] = {}  # the ids, by the paths of what has them
    mock_class = getattr(mock_module(""), f"Mock{SERVICE.name}")
    with mock_class() as mock, asyncio.Runner() as runner:
        names = {one.credential.name for one in ENDPOINTS.values() if one.credential} - {None}
        options: dict[str, Any] = {"keys": dict.fromkeys(names, "a:key")} if names else {}
        client = mock.async_client(**options) if is_async else mock.client(**options)
        effects = {name: text.replace(",", "").split() for name, text in mock.effects.items()}

        def rank(endpoint: Endpoint) -> tuple[int, int]:
            does, depth = effects.get(endpoint.id, ["use"])[0], endpoint.path.count("/")
            return _ORDER.index(does), -depth if does == "remove" else depth

        for endpoint in sorted(ENDPOINTS.values(), key=rank):
            operation = operations[endpoint.method, endpoint.path]
            try:
                given = make_arguments(endpoint, operation, whole=whole)
                for one in (one for one in endpoint.parameters if one.location == "path"):
                    place = f"{endpoint.path.partition(f'{{{one.name}}}')[0]}{{{one.name}}}"
                    name, hint = one.python_name, endpoint.hints[one.python_name]
                    convert = getattr(hint, "fromisoformat", hint)
                    given[name] = convert(given[name])
                    with suppress(KeyError, ValueError):  # It is known, and fits there.
                        given[name] = convert(made[place])
                found = endpoint.call("with_response", client, **given)
                found = runner.run(found) if is_async else found
                does, item, _, identifier = effects.get(endpoint.id, ["use", "", "", ""])[:4]
                if does == "create":
                    answer = json.loads(found.content)
                    inner = answer if identifier in answer else next(iter(answer.values()))
                    made[item] = inner[identifier]
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what to tell
                if endpoint.responses or not hasattr(error, "body"):
                    told = getattr(error, "body", None) or error
                    yield f"{endpoint}: {type(error).__name__}: {told}"


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    failed = []
    for is_async, whole in product((False, True), repeat=2):
        way = f"{'async' if is_async else 'sync'}, {'all' if whole else 'required'}"
        failed += [f"{way}: {text}" for text in exercise(is_async=is_async, whole=whole)]
    sys.exit("\n".join(failed) or None)
