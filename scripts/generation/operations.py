"""Operations as the templates see them: what they are called, what they send and receive."""

import keyword
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from .document import Document, Finding, Place, find_credentials, reference_parts
from .naming import find_aliases, identifier, name_by_id, name_by_path, resource_name, spell_id
from .shaping import BYTES, FILE, JSON, Parser, plain_type

_REPEATABLE = {"get", "head", "put", "delete"}
_IGNORED_HEADERS = {"accept", "authorization", "content-type"}
_BODIES = {JSON: "json", "application/x-www-form-urlencoded": "data", BYTES: "content"}
_BODIES["multipart/form-data"] = "files"
# The names that the generated functions use themselves.
_RESERVED = {
    *("self", "client", "timeout", "max_attempts", "body", "path", "headers"),
    *("cast", "core", "decode", "encode", "types", "additional_properties"),
}


class Field:
    """A parameter, `raw` as the document has it, or a field of a model; `prop` is its property."""

    def __init__(
        self, prop: Any, name: str, location: str, traits: tuple[bool, bool], raw: dict[str, Any]
    ) -> None:
        self.prop, self.name, self.location = prop, name, location
        self.python_name = str(prop.python_name)
        self.secret, self.deprecated = traits[0], traits[1] or raw.get("deprecated") is True
        self.description = raw.get("description") or prop.description
        inner = getattr(prop, "inner_properties", (prop,))
        self.takes_null = not {"None", "Any"}.isdisjoint(map(kind_of, inner))
        self.response_field = raw.get("x-response-field")
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


class Content(NamedTuple):
    """A body by its media type, or a response by its status; `kind` is the way it is written."""

    name: str
    kind: str
    prop: Any
    words: str = ""


class Operation:
    """An operation: what the document says of it, its names, and what the parser makes of it."""

    def __init__(self, document: Document, place: Place, raw: dict[str, Any]) -> None:
        self.document, self.place, self.raw = document, place, raw
        _, self.path, self.verb = place
        self.tag, given = str((raw.get("tags") or ["default"])[0]), raw.get("operationId")
        self.resource, self.made = resource_name(self.tag), given is None
        if "x-method-name" in raw:
            name = str(raw["x-method-name"])
            usable = name.isidentifier() and name[0] != "_"
            self.method = name if usable else spell_id(name).strip("_")
        elif given is not None:
            self.method = name_by_id(str(given), self.tag)
        else:
            self.method = name_by_path(self.verb, self.path, self.tag, many=self._answers_list())
        if keyword.iskeyword(self.method) or self.method in {"self", "with_response"}:
            self.method += "_"
        self.id = f"{self.resource}.{self.method}" if given is None else str(given)
        self.module, self.iterator_name = spell_id(self.id), ""
        self.deprecated = raw.get("deprecated") is True
        self.repeatable = self.verb in _REPEATABLE or "x-repeatable" in raw
        self.credentials = next(iter(find_credentials(document, raw)), [])

    def _list_responses(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for status, response in (self.raw.get("responses") or {}).items():
            if not status.startswith("x-"):
                yield status, self.document.resolve(response) or {}

    def _answers_list(self) -> bool:
        for status, response in self._list_responses():
            for media in (response.get("content") or {}).values() if status[0] == "2" else ():
                schema = self.document.resolve(media.get("schema"))
                return isinstance(schema, dict) and schema.get("type") == "array"
        return False

    def parse(self, parser: Parser) -> None:
        """Have its schemas parsed."""
        self.links = [*self._list_links()]
        self.parameters = self._parse_parameters(parser)
        self._parse_bodies(parser)
        self._parse_responses(parser)
        contents = [*self.bodies, *self.responses, *self.errors]
        props = [field.prop for field in self.parameters] + [one.prop for one in contents]
        ways = [way for prop in props for way in (prop.get_imports, prop.get_lazy_imports)]
        self.imports = sorted({line for get in ways for line in get(prefix="...")})

    def _parse_parameters(self, parser: Parser) -> list[Field]:
        found = [(p["in"], str(p["name"]), at, p) for at, p in self.document.parameters(self.place)]
        # Those in the path as they stand there.
        found.sort(key=lambda one: one[0] == "path" and self.path.find(f"{{{one[1]}}}"))
        fields = []
        for location in ("path", "query", "header", "cookie"):
            here = [one for one in found if one[0] == location]
            aliases = find_aliases(name for _, name, *_ in here)
            for _, name, at, raw in here:
                if location == "header" and name.lower() in _IGNORED_HEADERS:
                    parser.note(at, f"the header {name} is the client's own, and no argument.")
                    continue
                owner = {**raw, **next(iter((raw.get("content") or {}).values()), {})}
                owner["description"] = raw.get("description")
                alias, needed = aliases.get(name, name), location == "path" or raw.get("required")
                prop = parser.parse(at, owner, alias, self.module, required=bool(needed))
                traits = parser.find_traits(owner.get("schema"))
                fields.append(Field(prop, name, location, traits, raw))
        names = Counter(field.python_name for field in fields)
        taken = _RESERVED | {"url"} | {name for name, count in names.items() if count > 1}
        for field in fields:
            while field.python_name in taken:
                field.python_name = identifier(f"{field.python_name}_{field.location}")
            taken.add(field.python_name)
        return fields

    def _parse_bodies(self, parser: Parser) -> None:
        body = self.document.resolve(self.raw.get("requestBody")) or {}
        content, place = body.get("content") or {}, (*self.place, "requestBody", "content")
        kept: dict[str, str] = {}
        for name, media in content.items():
            plain = plain_type(name)
            schemas = [content[one].get("schema") for one in kept.values()]
            if plain in _BODIES and media.get("schema") not in schemas:
                kept[plain] = name
        if content and not kept:
            kept = {BYTES: next(iter(content))}
        left = [name for name in content if name not in kept.values()]
        if left:
            parser.note(place, f"sent as {' or '.join(kept)}, not as {', '.join(left)}.")
        self.bodies: list[Content] = []
        for plain, name in kept.items():
            kind, media = _BODIES[plain], FILE if plain == BYTES else content[name]
            parent = f"{self.module}_{kind}" if len(kept) > 1 else self.module
            required = body.get("required", False)
            prop = parser.parse(place, media, "body", parent, required=required)
            if kind == "files" and kind_of(prop) == "Model":
                parser.classes[prop.class_info.name].is_multipart_body = True
            self.bodies.append(Content(name, kind, prop))
        self.has_optional_body = bool(kept) and not body.get("required")
        types = " | ".join(annotation(one.prop, unset=False) for one in self.bodies)
        self.body_type = f"{types} | Unset = UNSET" if self.has_optional_body else types
        # The only body's model, and its fields, where they are the method's own arguments.
        self.model: Any = None
        self.flat: list[Field] | None = None
        if len(self.bodies) == 1 and kind_of(self.bodies[0].prop) == "Model":
            self.model = parser.classes[self.bodies[0].prop.class_info.name]
            flat = list_fields(parser, self.model)
            taken = _RESERVED | {p.python_name for p in self.parameters}
            if self.bodies[0].kind == "json" and taken.isdisjoint(p.python_name for p in flat):
                self.flat = flat

    def _parse_responses(self, parser: Parser) -> None:
        found = [self._parse_response(parser, *entry) for entry in self._list_responses()]
        found.sort(key=lambda one: (one.name == "default", "XX" in one.name, one.name))
        good = [one for one in found if one.name < "4"]
        self.responses = good or [one for one in found if one.name == "default"]
        self.errors = [one for one in found if one not in self.responses]
        kinds = {one.kind for one in found}
        self.accept = "application/json" if kinds <= {"json", "empty"} else "*/*"
        types = {
            name
            for one in self.responses
            for name in (["None"] if one.kind == "empty" else _types(one.prop))
        }
        ordered = sorted(types, key=lambda name: (name == "None", name))
        self.result_type = " | ".join(ordered) or "None"
        nothing = "Nothing." if self.result_type == "None" else f"The {self.result_type}."
        self.result_words = next(filter(str.strip, (r.words for r in self.responses)), nothing)
        lists = [one.prop for one in self.responses if kind_of(one.prop) == "List"]
        self.item = lists[0].inner_property if lists and len(self.responses) == 1 else None

    def _parse_response(self, parser: Parser, status: str, raw: dict[str, Any]) -> Content:
        place, content = (*self.place, "responses", status, "content"), raw.get("content") or {}
        ranked = sorted(content, key=lambda name: (plain_type(name) != JSON, name[:5] != "text/"))
        if ranked[1:]:
            parser.note(place, f"read as {ranked[0]}, not as {', '.join(ranked[1:])}.")
        kind, media, plain = "empty", dict[str, Any](), plain_type(ranked[0]) if ranked else ""
        if plain == JSON:
            kind, media = "json", content[ranked[0]]
        elif re.search(r"^text/|(xml|yaml|javascript)$", plain):
            kind, media = "text", {"schema": {"type": "string"}}
        elif plain:
            kind, media = "file", FILE
        prop = parser.parse(place, media, f"response_{status}", self.module)
        return Content(status, kind, prop, str(raw.get("description", "")))

    def _list_links(self) -> Iterator[tuple[Any, ...]]:
        """Yield the links of the successful responses: operationId, parameters, any body."""
        for status, response in self._list_responses():
            links = (response.get("links") or {}).values() if status[0] == "2" else ()
            for link in map(self.document.resolve, links):
                named = self.document.at(reference_parts(link.get("operationRef") or "")) or {}
                target = link.get("operationId", named.get("operationId"))
                if target is not None:
                    body = [link["requestBody"]] if link.get("requestBody") is not None else []
                    yield (str(target), link.get("parameters", {}), *body)


def read_operations(document: Document) -> list[Operation]:
    """Return all operations with their names; write the ids that are missing into the document."""
    found = [Operation(document, *entry) for entry in document.operations()]
    for one in _find_clashes(found):
        if not one.made and "x-method-name" not in one.raw:
            one.method = spell_id(one.id)
    problems = []
    for one in _find_clashes(found):
        text = f"several operations come to the method {one.resource}.{one.method}"
        code = {"x-method-name": f"{one.method}_…"}
        problems.append(Finding(one.place, text, code, "one of them"))
    document.refuse(problems, "has methods that cannot be named.")
    methods, modules = {(one.resource, one.method) for one in found}, set[str]()
    for one in found:
        one.iterator_name = re.sub(r"^iter_list(?=_|$)", "iter", f"iter_{one.method}")
        while (one.resource, one.iterator_name) in methods:
            one.iterator_name += "_"
        while one.module in modules:
            one.module += "_2"
        modules.add(one.module)
        one.raw.setdefault("operationId", one.id)
        one.raw.setdefault("responses", {"default": {"description": "Any answer."}})
    return found


def _find_clashes(found: list[Operation]) -> list[Operation]:
    counts = Counter((one.resource, one.method) for one in found)
    return [one for one in found if counts[one.resource, one.method] > 1]


def list_fields(parser: Parser, prop: Any) -> list[Field]:
    """Return the fields of a model, those first that have to be given."""
    model, fields = parser.classes[prop.class_info.name], []
    for one in [*(model.required_properties or ()), *(model.optional_properties or ())]:
        name = one.name.get_untrusted_value()
        name = parser.names.get(name, name)
        fields.append(Field(one, name, "body", model.data.model_extra["x-traits"][name], {}))
    return fields


def kind_of(prop: Any) -> str:
    """Return the name of a property's class, such as Model, List or Union."""
    return type(prop).__name__.removesuffix("Property")


def _types(prop: Any) -> list[str]:
    """Return the Python types of a property's values, None behind all else."""
    match kind_of(prop):
        case "Union":
            found = sorted((t for p in prop.inner_properties for t in _types(p)), key=str.lower)
            return sorted(dict.fromkeys(found), key=lambda name: name == "None")
        case "List":
            return [f"list[{annotation(prop.inner_property, unset=False)}]"]
        case "Const" if isinstance(prop.value.raw_value, float):
            return ["float"]  # Type checkers know no literal one.
    return [str(prop.get_type_string(no_optional=True).as_unembedded_code())]


def annotation(prop: Any, *, unset: bool | None = None, null: bool = False) -> str:
    """Return a property's type, with Unset where `unset` says so, or else if it is optional."""
    types = _types(prop)
    if null and types != ["Any"]:
        types = [*(t for t in types if t != "None"), "None"]
    if unset or (unset is None and not prop.required):
        types.insert(len(types) - (types[-1] == "None"), "Unset")
    return " | ".join(types)


def nullable_inner(prop: Any) -> Any:
    """Return what a union has beside null, where that is one type; else None."""
    inner = getattr(prop, "inner_properties", ())
    others = [one for one in inner if kind_of(one) != "None"]
    return others[0] if len(others) == 1 and len(inner) > 1 else None


def instance_type(prop: Any) -> str:
    """Return what `isinstance` takes to check a parameter of this type."""
    kind = kind_of(prop)
    if kind == "Union":
        return " | ".join(dict.fromkeys(map(instance_type, prop.inner_properties)))
    if kind == "Const":
        return type(prop.value.raw_value).__name__
    known = {"Any": "object", "Float": "float | int"}
    return known.get(kind) or str(prop.get_instance_type_string().as_unembedded_code())
