"""Call every operation of a package against its mock; print as JSON what failed, by operation.

    python -m tests.generation.exercise FOLDER

Each is called with the required arguments and with all of them, sync and async.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import enum
import importlib
import inspect
import io
import json
import os
import re
import sys
import types
import typing
import uuid
import warnings
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Literal

from tests.contract._package import PACKAGE_VARIABLE, Endpoint, endpoints, package

_DEPTH = 3
_ORDER = ("create", "list", "read", "use", "change", "replace", "remove")
_PARSERS: Mapping[Any, Any] = {
    datetime.date: datetime.date.fromisoformat,
    datetime.datetime: datetime.datetime.fromisoformat,
    uuid.UUID: uuid.UUID,
}
_EFFECT = re.compile(r"(\w+) (\S+) by (\w+)")


class Arguments:
    """Makes arguments out of the schemas of the package's document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        mock = f"{package().__name__}.mock"
        schemas = importlib.import_module(f"{mock}._schemas")
        self._schemas = schemas.Schemas(document, "request")
        self._make_schema = partial(schemas.Schema, self._schemas)
        self._find_example = importlib.import_module(f"{mock}._responses").find_example

    def make(self, endpoint: Endpoint, *, whole: bool) -> dict[str, Any]:
        """Return the required arguments of an operation's functions, or all."""
        item = self._schemas.resolve(self._schemas.document["paths"][endpoint.path])
        node = item[endpoint.method.lower()]
        nodes = map(
            self._schemas.resolve, [*item.get("parameters", ()), *node.get("parameters", ())]
        )
        by_name = {(one["in"], one["name"]): one for one in nodes}
        found = {}
        for parameter in endpoint.parameters:
            if parameter.required or whole:
                media = by_name[parameter.location, parameter.name]
                media = next(iter((media.get("content") or {"": media}).values()))
                found[parameter.python_name] = self._argument(
                    media, endpoint.hints[parameter.python_name], whole=whole
                )
        body = endpoint.body
        if body is not None and (body.required or whole):
            content = self._schemas.resolve(node["requestBody"])["content"]
            media = content[body.media_types[0]]
            files = "json" not in body.media_types[0]
            found["body"] = self._argument(media, endpoint.hints["body"], whole=whole, files=files)
        return found

    def _argument(
        self, media: Mapping[str, Any], hint: Any, *, whole: bool, files: bool = False
    ) -> Any:
        schema = self._make_schema(media.get("schema", {}), "an argument")
        given = [media["example"]] if "example" in media else []
        least = self._find_example(schema, given)
        least = self._fill(schema, least, _DEPTH) if least == [] else least
        full = self._fill(schema, least) if whole else least
        value = full if schema.validator.is_valid(full) else least
        return _convert(_with_files(schema, value) if files else value, hint)

    def _fill(self, schema: Any, value: Any, depth: int = 0) -> Any:
        if value == [] and depth <= _DEPTH:
            return [self._find_example(schema.items)]
        if not isinstance(value, dict) or depth > _DEPTH:
            return value
        result = dict(value)
        for name, inner in schema.properties.items():
            if not inner.flat.get("readOnly"):
                least = result[name] if name in result else self._find_example(inner)
                result[name] = self._fill(inner, least, depth + 1)
        return result


def _with_files(schema: Any, value: Any) -> Any:
    if schema.flat.get("format") == "binary" and isinstance(value, str):
        return value.encode()
    if isinstance(value, list):
        return [_with_files(schema.items, one) for one in value]
    if isinstance(value, dict):
        inner = schema.properties
        return {k: _with_files(inner[k], one) if k in inner else one for k, one in value.items()}
    return value


def _convert(value: Any, hint: Any) -> Any:
    """Return the argument of a type for a JSON value in which files are bytes."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in {typing.Union, types.UnionType}:
        for one in inner:
            with contextlib.suppress(TypeError, ValueError):
                return _convert(value, one)
    elif hint is Any or (origin is Literal and value in inner) or hint is type(value):
        return value
    elif origin is list and isinstance(value, list):
        return [_convert(one, inner[0]) for one in value]
    elif hint is package().types.File:
        content = value if isinstance(value, bytes) else json.dumps(value).encode()
        return hint(payload=io.BytesIO(content), file_name="a.txt", mime_type="text/plain")
    elif make := _PARSERS.get(hint, getattr(hint, "from_dict", None)):
        return make(value)
    elif isinstance(hint, enum.EnumMeta) or (hint is float and type(value) is int):
        return hint(value)
    raise TypeError(f"{value!r} is no {hint}")


def _rounds(effects: Mapping[str, str]) -> Iterator[tuple[Endpoint, str, str, str]]:
    """Yield each operation with its effect, those first that make what others ask for."""
    found = []
    for endpoint in endpoints():
        match = _EFFECT.match(effects.get(endpoint.id, ""))
        does, item, identifier = match.groups() if match else ("", "", "")
        depth = len(endpoint.path.split("/"))
        rank = _ORDER.index(does) if does else len(_ORDER) - 1
        found.append(
            ((rank, -depth if does == "remove" else depth), (endpoint, does, item, identifier))
        )
    yield from (entry for _, entry in sorted(found, key=lambda pair: pair[0]))


def exercise(*, is_async: bool, whole: bool) -> dict[str, str]:
    """Call each operation once; return what failed."""
    document = package()._document.load_document()  # noqa: SLF001 - no public name for it
    arguments = Arguments(document)
    mock_module = importlib.import_module(f"{package().__name__}.mock")
    mock_class = getattr(mock_module, f"Mock{package().client.SERVICE.name}")
    failures: dict[str, str] = {}
    made: dict[str, Any] = {}
    with mock_class() as mock, asyncio.Runner() as runner:
        credentials = [endpoint.credential for endpoint in endpoints()]
        names = {one.name for one in credentials if one is not None and one.name}
        options: dict[str, Any] = {"keys": dict.fromkeys(names, "a:key")} if names else {}
        client = mock.async_client(**options) if is_async else mock.client(**options)
        for endpoint, does, item, identifier in _rounds(mock.effects):
            try:
                given = arguments.make(endpoint, whole=whole)
                for parameter in (one for one in endpoint.parameters if one.location == "path"):
                    prefix = endpoint.path.partition(f"{{{parameter.name}}}")[0]
                    place = f"{prefix}{{{parameter.name}}}"
                    if place in made:
                        hint = endpoint.hints[parameter.python_name]
                        with contextlib.suppress(TypeError, ValueError):  # where it fits there
                            given[parameter.python_name] = _convert(made[place], hint)
                if is_async:
                    found = runner.run(endpoint.module.asyncio_detailed(client=client, **given))
                else:
                    found = endpoint.module.sync_detailed(client=client, **given)
                    resource = getattr(client, endpoint.resource)
                    method = getattr(resource, endpoint.method_name)
                    if does not in {"create", "remove"}:
                        again = arguments.make(endpoint, whole=whole) | {
                            name: value for name, value in given.items() if name != "body"
                        }
                        method(**_method_arguments(method, again))
                if does == "create":
                    made[item] = json.loads(found.content)[identifier]
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what to tell
                documented = endpoint.definition.get("responses", {})
                if any(status[:1] in "2d" for status in documented) or not hasattr(error, "body"):
                    said = getattr(error, "body", None) or error
                    failures[endpoint.id] = f"{type(error).__name__}: {said}"
        if is_async:
            runner.run(client.aclose())
        else:
            client.close()
    return failures


def _method_arguments(method: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a method, which takes the fields of some bodies one by one."""
    names = inspect.signature(method).parameters
    if "body" in names or "body" not in given:
        return dict(given)
    body = given["body"]
    fields = {name: getattr(body, name) for name in names if hasattr(body, name)}
    return fields | {name: value for name, value in given.items() if name != "body"}


def main() -> None:
    """Run all four rounds."""
    os.environ[PACKAGE_VARIABLE] = sys.argv[1]
    warnings.simplefilter("ignore")
    failures = {}
    for is_async in (False, True):
        for whole in (False, True):
            name = f"{'async' if is_async else 'sync'}, {'all' if whole else 'required'}"
            for operation, text in exercise(is_async=is_async, whole=whole).items():
                failures[f"{operation} ({name})"] = text
    sys.stdout.write(json.dumps({"operations": len(endpoints()), "failures": failures}))


if __name__ == "__main__":
    main()
