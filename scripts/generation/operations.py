"""What the templates are told of operations and properties beyond what the parser says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from openapi_python_client.parser.openapi import Endpoint
from openapi_python_client.parser.properties import ModelProperty
from openapi_python_client.parser.properties.any import AnyProperty
from openapi_python_client.parser.properties.const import ConstProperty
from openapi_python_client.parser.properties.list_property import ListProperty
from openapi_python_client.parser.properties.none import NoneProperty
from openapi_python_client.parser.properties.union import UnionProperty
from openapi_python_client.schema.untrusted_string import UntrustedString

from .document import Document, find_credentials
from .naming import OperationNames, identifier

_FIRST_ERROR = 400
_REPEATABLE = {"get", "head", "put", "delete"}
# The names that the generated functions use themselves.
_RESERVED = {
    *("self", "client", "timeout", "max_attempts", "body", "path", "headers"),
    *("cast", "core", "decode", "encode", "types", "additional_properties"),
}


class Field:
    """A parameter of an operation, or a field of a model, which is sent in the body.

    `prop` is what the parser made of it, `raw` a parameter as the document has it.
    """

    def __init__(
        self, prop: Any, location: str, raw: dict[str, Any], *, secret: bool, deprecated: bool
    ) -> None:
        self.prop, self.location, self.secret, self.deprecated = prop, location, secret, deprecated
        self.name, self.python_name = _name(prop), str(prop.python_name)
        self.takes_null = any(
            isinstance(one, NoneProperty | AnyProperty)
            for one in getattr(prop, "inner_properties", (prop,))
        )
        # The field of a successful response that repeats it.
        self.response_field = raw.get("x-response-field")
        # Whether the fields of it are written as pairs.
        self.explode = raw.get("explode") is True
        # How it is written in a query, where that is not the usual way.
        self.style: Any = "json" if "content" in raw else raw.get("style")
        if self.style not in {"json", "deepObject"}:
            usual = "," if raw.get("explode") is False else None
            known: dict[Any, str | None] = {"pipeDelimited": "|", "spaceDelimited": " "}
            self.style = None if self.explode else known.get(self.style, usual)

    def declare(self, *, optional: bool = False) -> str:
        """Return it as a function's parameter, which may be left out where that is said."""
        left_out = optional or not self.prop.required
        annotated = annotation(self.prop, unset=left_out)
        return f"{self.python_name}: {annotated}{' = UNSET' if left_out else ''}"


class Operation:
    """An operation as the templates see it; `models` are the document's, by class."""

    def __init__(
        self,
        endpoint: Endpoint,
        names: OperationNames,
        document: Document,
        models: dict[str, ModelProperty],
    ) -> None:
        in_path = re.findall(r"\{([^{}]*)\}", names.path)
        for prop, name in zip(endpoint.path_parameters, in_path, strict=True):
            prop.name = UntrustedString(name)
        taken = set(_RESERVED)
        for location, prop in endpoint.iter_all_parameters():
            while prop.python_name in taken:
                prop.python_name = identifier(f"{prop.python_name}_{location}")
            taken.add(prop.python_name)
        self.endpoint, self.names, self.id, self.bodies = endpoint, names, names.id, endpoint.bodies
        self.deprecated = names.raw.get("deprecated") is True
        self.repeatable = names.verb in _REPEATABLE or "x-repeatable" in names.raw
        self.credentials = next(iter(find_credentials(document, names.raw)), [])
        self.links = [*_links(names.raw, document)]
        said = {(p["in"], p["name"]): p for _, p in document.parameters(names.place)}
        self.parameters = [
            _make_parameter(prop, location.value, said[location.value, _name(prop)], document)
            for location, prop in endpoint.iter_all_parameters()
        ]
        self.has_optional_body = not all(body.prop.required for body in self.bodies)
        patterns, default = endpoint.responses.patterns, endpoint.responses.default
        self.responses = [r for r in patterns if (r.status_code.range or (0,))[0] < _FIRST_ERROR]
        if not self.responses and default is not None:
            self.responses = [default]
        self.errors = [r for r in endpoint.responses if r not in self.responses]
        # What the one response is a list of.
        sources = [response.source["attribute"] for response in self.responses]
        listed = self.responses[0].prop if sources == ["response.json()"] else None
        self.item = listed.inner_property if isinstance(listed, ListProperty) else None
        self.iterator_name = names.iterator if self.item is not None else None
        # The only body's model, and its fields, where they are the method's own arguments.
        self.model: ModelProperty | None = None
        self.flat: list[Field] | None = None
        if len(self.bodies) == 1 and isinstance(self.bodies[0].prop, ModelProperty):
            self.model = models[str(self.bodies[0].prop.class_info.name)]
            flat = list_fields(self.model)
            if self.bodies[0].body_type == "json" and not taken & {p.python_name for p in flat}:
                self.flat = flat

    def at(self, *locations: str) -> list[Field]:
        """Return the parameters that are sent there."""
        return [p for location in locations for p in self.parameters if p.location == location]

    @property
    def path_parts(self) -> Iterator[str | Field]:
        """The path as literal text, already encoded, and parameters in turn."""
        by_name = {p.name: p for p in self.at("path")}
        for text in re.split(r"(\{[^{}]*\})", self.names.path):
            if text.startswith("{"):
                yield by_name[text[1:-1]]
            elif text:
                yield quote(text, safe="/:@!$&'()*+,;=~-._%")

    @property
    def body_type(self) -> str:
        """The Python type of its bodies."""
        types = " | ".join(annotation(body.prop, unset=False) for body in self.bodies)
        return f"{types} | Unset = UNSET" if self.has_optional_body else types

    @property
    def result_type(self) -> str:
        """The Python type of what the operation returns."""
        found: set[str] = set()
        for response in self.responses:
            empty = response.source["attribute"] == "None"
            found |= {"None"} if empty else {*_types(response.prop)}
        return " | ".join(sorted(found, key=lambda name: (name == "None", name))) or "None"

    @property
    def result_words(self) -> str:
        """What the operation returns, in words."""
        words = (getattr(response.data, "description", None) for response in self.responses)
        told = (str(one.get_untrusted_value()) for one in words if one)
        nothing = "Nothing." if self.result_type == "None" else f"The {self.result_type}."
        return next(filter(str.strip, told), nothing)

    @property
    def accept(self) -> str:
        """The media types of the responses, as an Accept header."""
        sources = {r.source["attribute"] for r in (*self.responses, *self.errors)}
        return "application/json" if sources <= {"response.json()", "None"} else "*/*"


def _make_parameter(prop: Any, location: str, raw: dict[str, Any], document: Document) -> Field:
    resolved: dict[str, Any] = next(document.expand(raw.get("schema")), {})
    secret = resolved.get("format") == "password"
    said = (one for one in (raw, raw.get("schema"), resolved) if isinstance(one, dict))
    deprecated = any(one.get("deprecated") is True for one in said)
    return Field(prop, location, raw, secret=secret, deprecated=deprecated)


def _links(raw: dict[str, Any], document: Document) -> Iterator[tuple[Any, ...]]:
    """Yield the links of the successful responses: operationId, parameters, and a body if any."""
    for status, value in (raw.get("responses") or {}).items():
        links = (document.resolve(value) or {}).get("links") or {}
        for link in map(document.resolve, links.values() if status[:1] == "2" else ()):
            named = document.look_up(link.get("operationRef") or "") or {}
            target = link.get("operationId", named.get("operationId"))
            if target is not None:
                body = [link["requestBody"]] if link.get("requestBody") is not None else []
                yield (str(target), link.get("parameters", {}), *body)


def _name(prop: Any) -> str:
    return str(prop.name.get_untrusted_value())


# Properties ------------------------------------------------------------------------------------


def list_properties(model: Any) -> list[Any]:
    """Return the documented properties of a model, those first that have to be given."""
    return [*(model.required_properties or ()), *(model.optional_properties or ())]


def list_fields(model: Any) -> list[Field]:
    """Return the fields of a model, in the order of its properties."""
    secrets, deprecated = (model.data.model_extra[key] for key in ("x-secrets", "x-deprecated"))
    return [
        Field(prop, "body", {}, secret=name in secrets, deprecated=name in deprecated)
        for prop in list_properties(model)
        for name in [_name(prop)]
    ]


def _types(prop: Any) -> list[str]:
    """Return the Python types of a property's values, None behind all else."""
    if isinstance(prop, UnionProperty):
        found = sorted((t for p in prop.inner_properties for t in _types(p)), key=str.lower)
        return sorted(dict.fromkeys(found), key=lambda name: name == "None")
    if isinstance(prop, ListProperty):
        return [f"list[{annotation(prop.inner_property, unset=False)}]"]
    if isinstance(prop, ConstProperty) and isinstance(prop.value.raw_value, float):
        return ["float"]  # Type checkers know no literal one.
    return [str(prop.get_type_string(no_optional=True).as_unembedded_code())]


def annotation(prop: Any, *, unset: bool | None = None, null: bool = False) -> str:
    """Return a property's type, Unset and None behind all else.

    Unset is in it where that is asked for, or nothing is said and the property is optional.
    """
    types = _types(prop)
    if null and types != ["Any"]:
        types = [*(t for t in types if t != "None"), "None"]
    if unset or (unset is None and not prop.required):
        types.insert(len(types) - (types[-1] == "None"), "Unset")
    return " | ".join(types)


def nullable_inner(prop: Any) -> Any:
    """Return what a union has beside null, where that is one type; else None."""
    if not isinstance(prop, UnionProperty):
        return None
    others = [p for p in prop.inner_properties if not isinstance(p, NoneProperty)]
    nullable = len(others) < len(prop.inner_properties)
    return others[0] if nullable and len(others) == 1 else None


def instance_type(prop: Any) -> str:
    """Return what `isinstance` takes to check a parameter of this type."""
    if isinstance(prop, ConstProperty):
        return type(prop.value.raw_value).__name__
    if isinstance(prop, AnyProperty):
        return "object"
    if isinstance(prop, UnionProperty):
        return " | ".join(dict.fromkeys(map(instance_type, prop.inner_properties)))
    kind = str(prop.get_instance_type_string().as_unembedded_code())
    return "float | int" if kind == "float" else kind


def list_error_fields(operations: list[Operation]) -> list[str]:
    """Return the fields that may hold an error's text, the likeliest first."""
    # Servers use these two whatever is documented.
    names: dict[str, None] = {"error": None, "message": None}
    for error in (error for operation in operations for error in operation.errors):
        for prop in list_properties(error.prop) if isinstance(error.prop, ModelProperty) else ():
            if annotation(prop, unset=False) in {"str", "str | None"}:
                names[_name(prop)] = None
    likely = ("error", "message", "detail", "title", "error_description", "description")
    return sorted(names, key=lambda name: likely.index(name) if name in likely else len(likely))
