"""The document as openapi-python-client reads it without losing anything.

What its parser refuses or passes over is written in another way here: references into
components, one media type for each response, alternatives that share properties, names that come
to one Python name. The document that the package ships is not touched.
"""

from __future__ import annotations

import re
from typing import Any

from openapi_python_client import strings

from .document import Document
from .naming import OperationNames, legal_names, resource_name
from .reading import Place
from .schemas import SchemaShaper, Shaped

_IGNORED_HEADERS = {"accept", "authorization", "content-type"}
_BODIES = ("application/x-www-form-urlencoded", "multipart/form-data", "application/octet-stream")
_BYTES = "application/octet-stream"


def shape(document: Document, operations: list[OperationNames], reserved: set[str]) -> Shaped:
    """Return the document in the shape that the parser wants, none of its classes so named."""
    return _Shaper(document, reserved).shape_all(operations)


class _Shaper(SchemaShaper):
    def shape_all(self, operations: list[OperationNames]) -> Shaped:
        self._result.operations = operations
        for names in operations:
            body = self._document.resolve(names.raw.get("requestBody")) or {}
            self._mark(body, "sent")
            for media_type, media in (body.get("content") or {}).items():
                if not _is_json(media_type):
                    self._mark(media, "file")
            for _, parameter in self._document.parameters(names.place):
                self._mark(parameter, "sent")
            self._mark(names.raw.get("responses"), "received")
        for name, schema in self._components.items():
            key = self._classes[name]
            self._schemas[key] = self._shape(schema)
            if key != name:
                self._schemas[key].pop("title", None)
                self._result.notes.append(
                    f"The schema {name} is the class {strings.pascal_case(key)}."
                )
        paths: dict[str, dict[str, Any]] = {}
        for names in operations:
            path, operation = self._shape_operation(names)
            paths.setdefault(path, {})[names.verb] = operation
        self._result.data = {
            "openapi": "3.1.0",
            "info": {key: str(self._document.data["info"][key]) for key in ("title", "version")},
            "paths": paths,
            "components": {"schemas": self._schemas},
        }
        return self._result

    def _mark(self, value: Any, role: str) -> None:
        """Note the role of each mapping that is reached from a request or a response."""
        waiting = [value]
        while waiting:
            value = self._document.resolve(waiting.pop())
            if isinstance(value, list):
                waiting += value
            elif isinstance(value, dict) and role not in self._roles.setdefault(id(value), set()):
                self._roles[id(value)].add(role)
                waiting += (
                    v for k, v in value.items() if k not in {"links", "example", "examples"}
                )

    def _note(self, place: Place, text: str) -> None:
        self._result.notes.append(f"{self._document.where(place)}: {text}")

    def _shape_operation(self, names: OperationNames) -> tuple[str, dict[str, Any]]:
        operation, path = names.raw, names.path
        shaped: dict[str, Any] = {
            "operationId": names.module,
            "tags": list(dict.fromkeys(map(resource_name, names.tags))),
            "responses": {},
        }
        shaped |= {key: operation[key] for key in ("summary", "description") if key in operation}
        parameters, path = self._shape_parameters(names.place, path)
        shaped["parameters"] = parameters
        body = self._document.resolve(operation.get("requestBody"))
        if body and body.get("content"):
            content = self._shape_body(names, body["content"])
            shaped["requestBody"] = {"content": content, "required": body.get("required", False)}
        for status, value in (operation.get("responses") or {}).items():
            if not status.startswith("x-"):
                shaped["responses"][status] = self._shape_response(names, status, value)
        return path, shaped

    def _shape_parameters(self, place: Place, path: str) -> tuple[list[Any], str]:
        found = [*self._document.parameters(place)]
        shaped = []
        aliases: dict[Any, dict[str, str]] = {}
        for location in {parameter.get("in") for _, parameter in found}:
            own = [str(p["name"]) for _, p in found if p.get("in") == location]
            aliases[location] = legal_names(own, "field_")
        for at, parameter in found:
            name, location = str(parameter["name"]), parameter["in"]
            if location == "header" and name.lower() in _IGNORED_HEADERS:
                self._note(at, f"the header {name} is the client's own, and no argument.")
                continue
            alias = aliases[location].get(name, name)
            if location == "path":
                alias = re.sub(r"\W", "_", alias, flags=re.ASCII)
                alias = alias if alias[:1].isalpha() else f"field_{alias.strip('_')}"
                path = path.replace(f"{{{name}}}", f"{{{alias}}}")
            alias = self._alias(name, alias)
            contents = [*(parameter.get("content") or {}).values()]
            schema = self._shape(contents[0].get("schema") if contents else parameter["schema"])
            description = parameter.get("description")
            if description and "$ref" in schema:
                schema = {"allOf": [schema]}
            schema |= {"description": str(description)} if description else {}
            shaped.append(
                {
                    "name": alias,
                    "in": location,
                    "schema": schema,
                    "required": location == "path" or parameter.get("required", False),
                }
            )
        return shaped, path

    def _shape_body(self, names: OperationNames, content: dict[str, Any]) -> dict[str, Any]:
        place = (*names.place, "requestBody", "content")
        kept: dict[str, Any] = {}
        for media_type, media in content.items():
            plain = _plain_type(media_type)
            kind = "json" if _is_json(plain) else plain
            told = [other.get("schema") for _, other in kept.values()]
            if (kind in _BODIES or kind == "json") and media.get("schema") not in told:
                kept[kind] = (media_type, media)
        if not kept:
            media_type, media = next(iter(content.items()))
            kept[_BYTES] = (media_type, media)
        left = [name for name in content if name not in {taken for taken, _ in kept.values()}]
        if left:
            self._note(place, f"bodies are sent as {' or '.join(kept)}, not as {', '.join(left)}.")
        shaped = {}
        for kind, (media_type, media) in kept.items():
            parsed = _BYTES if kind == _BYTES else media_type.replace("*/*", "application/json")
            self._result.media_types[names.module, parsed] = media_type
            file = {"type": "string", "format": "binary"}
            schema = file if kind == _BYTES else self._shape(media.get("schema", {}))
            shaped[parsed] = {"schema": schema}
        return shaped

    def _shape_response(self, names: OperationNames, status: str, value: Any) -> dict[str, Any]:
        response = self._document.resolve(value) or {}
        shaped: dict[str, Any] = {"description": str(response.get("description", ""))}
        content: dict[str, Any] = response.get("content") or {}
        if not content:
            return shaped
        ranked = sorted(
            content, key=lambda name: (not _is_json(name), _plain_type(name)[:5] != "text/")
        )
        media_type = ranked[0]
        if ranked[1:]:
            place = (*names.place, "responses", status, "content")
            self._note(place, f"read as {media_type}, not as {', '.join(ranked[1:])}.")
        plain, schema = _plain_type(media_type), self._shape(content[media_type].get("schema", {}))
        if plain[:5] == "text/" or plain.endswith(("xml", "yaml", "javascript")):
            plain, schema = "text/plain", {"type": "string"}
        elif not _is_json(plain):
            plain, schema = _BYTES, {"type": "string", "format": "binary"}
        shaped["content"] = {
            plain
            if plain in {"text/plain", _BYTES}
            else media_type.replace("*/*", "application/json"): {"schema": schema}
        }
        return shaped


def _plain_type(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def _is_json(media_type: str) -> bool:
    plain = _plain_type(media_type)
    return plain == "application/json" or plain.endswith("+json") or plain == "*/*"
