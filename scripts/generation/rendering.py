"""Renders the templates over openapi-python-client's parser, into one package."""

from __future__ import annotations

import builtins
import re
import textwrap
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from jinja2 import StrictUndefined
from openapi_python_client import Project, strings
from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.errors import GeneratorError
from openapi_python_client.parser.properties.protocol import PropertyProtocol
from openapi_python_client.schema import ParameterLocation
from openapi_python_client.schema.untrusted_string import UntrustedString

from . import operations
from .document import Document
from .errors import GenerationError, edit
from .naming import OperationNames, client_name, name_operations, resource_class
from .operations import Operation
from .shaping import Shaper

# The parser knows no lists and objects in headers; the package does.
_ANYWHERE: set[ParameterLocation] = PropertyProtocol._allowed_locations  # noqa: SLF001 - as said
_ANYWHERE.add(ParameterLocation.HEADER)

# Names that the generated modules use themselves, so that no model can have them.
_CLASSES = {
    *("Any", "AsyncGenerator", "ClassVar", "Final", "Generator", "Literal", "Mapping", "Self"),
    *("File", "OpenIntEnum", "OpenStrEnum", "RequestFiles", "Unset", "UNSET", "TYPE_CHECKING"),
    *("OPERATION", "None", "True", "False", *dir(builtins)),
}
# The modules that a package has once, by their templates.
_ONCE = {name: name for name in ("client", "errors", "pytest_plugin", "types")}
_ONCE |= {"package_init": "__init__", "main": "__main__", "service": "_service"}
_ONCE |= {"api_init": "api/__init__", "mock_init": "mock/__init__"}
_Resources: TypeAlias = dict[str, list[Operation]]


def render(document: Document, source: str, package: Path, templates: Path) -> list[str]:
    """Render every template into the folder `package`; return what a person should know.

    Where a template has the name of the generator's own, it is used instead. `source` is what the
    first line of each file calls the document; the operationIds that it lacks are written into it.
    """
    names = name_operations(document)
    if not names:
        raise GenerationError("The document has no operations. Add one under paths.")
    config = Config.from_sources(
        ConfigFile(package_name_override=package.name, post_hooks=[]),
        *(MetaType.NONE, package, "utf-8", True, package),
    )
    tags = {one.tag: one.resource for one in names}
    own = {client_name(document.data), *map(resource_class, tags.values())}
    shaper, data = _parse(document, names, config, _CLASSES | own | {f"Async{one}" for one in own})
    endpoints = {
        str(endpoint.name): endpoint
        for collection in data.endpoint_collections_by_tag.values()
        for endpoint in collection.endpoints
    }
    props = [prop for model in data.models for prop in operations.list_properties(model)]
    props += [prop for e in endpoints.values() for _, prop in e.iter_all_parameters()]
    for prop in props:
        name = prop.name.get_untrusted_value()
        prop.name = UntrustedString(shaper.names.get(name, name))
    models = {str(model.class_info.name): model for model in data.models}
    resources: _Resources = {}
    for one in names:
        operation = Operation(endpoints[one.module], one, document, models)
        resources.setdefault(one.resource, []).append(operation)
    project = Project(openapi=data, config=config, custom_template_path=templates)
    _prepare(project, document.data, resources, shaper)
    _write_all(project, source, resources)
    notes = [
        f"The tag {tag!r} is the attribute {resource}."
        for tag, resource in tags.items()
        if strings.snake_case(tag) != resource
    ]
    made = {f"{one.resource}.{one.method}": one for one in names if one.made}
    notes += (f"{method} is {one.verb.upper()} {one.path}." for method, one in made.items())
    return shaper.notes + notes


def _parse(
    document: Document, names: list[OperationNames], config: Config, reserved: set[str]
) -> tuple[Shaper, GeneratorData]:
    shaper = Shaper(document, names, reserved)
    config.content_type_overrides = shaper.media_types
    data = GeneratorData.from_dict(shaper.data, config=config)
    if isinstance(data, GeneratorError):
        raise GenerationError(
            "openapi-python-client cannot read the document.", [_explain(document, data)]
        )
    collections = data.endpoint_collections_by_tag.values()
    warnings = [*data.errors, *(error for c in collections for error in c.parse_errors)]
    told = [_explain(document, warning) for warning in warnings]
    # A component that has the name of an inner class gives way to it.
    again = {*re.findall(r'duplicate models with name "(\w+)"', "\n".join(told))} - reserved
    if again:
        return _parse(document, names, config, reserved | again)
    if warnings:
        raise GenerationError("openapi-python-client would leave out a part of the document.", told)
    return shaper, data


def _explain(document: Document, error: GeneratorError) -> str:
    """Return what openapi-python-client says, with its place, and no dump of any library's."""
    text = f"{error.header or ''} {error.detail or ''}".partition("\n\nFailure to process")[0]
    noise = r"WARNING parsing |\d+ validation errors? for \w+|\[type=.*|For further information.*"
    text = " ".join(re.sub(noise, "", text).split())
    name = getattr(getattr(error, "data", None), "title", None)
    told = repr(name.get_untrusted_value()) if name else "a name of the document"
    text = re.sub(r"<[\w.]+ object at 0x[0-9a-f]+>", told, text)
    schema = re.search(r"/components/schemas/([^:\s]+)", text)
    operation = re.search(r"([A-Z]+) (/\S*) within", text)
    place = ("components", "schemas", schema[1]) if schema else ("paths",)
    place = ("paths", operation[2], operation[1].lower()) if operation else place
    code = edit({"title": "…"}, "one of the two") if "duplicate models" in text else ""
    return f"{document.where(place)}: {text}{code}"


def _prepare(
    project: Project, document: dict[str, Any], resources: _Resources, shaper: Shaper
) -> None:
    """Put into the templates' reach what they ask for."""
    env, data = project.env, project.openapi
    models = {model.class_info.name: model for model in data.models}
    found = [operation for group in resources.values() for operation in group]
    titles = {operation.names.resource: operation.names.tag for operation in found}
    descriptions = {t["name"]: t.get("description") for t in document.get("tags") or ()}
    url = ((document.get("servers") or [{}])[0] or {}).get("url", "")
    schemes = list(dict.fromkeys(c[0] for operation in found for c in operation.credentials))
    env.undefined = StrictUndefined
    env.filters.update(literal=repr, sentence=_sentence, words=_words, paragraphs=_paragraphs)
    env.globals.update(
        document=document,
        client_name=client_name(document),
        base_url=url.rstrip("/") if "://" in url and "{" not in url else None,
        error_fields=operations.list_error_fields(found),
        needs_key=bool(schemes),
        other_schemes=schemes[1:],
        operations=found,
        resources=resources,
        titles=titles,
        resource_class=resource_class,
        tag_description=lambda tag: (
            descriptions.get(titles[tag]) or f"The operations under the tag {titles[tag]}."
        ),
        kind=lambda prop: type(prop).__name__.removesuffix("Property"),
        nullable_inner=operations.nullable_inner,
        annotation=operations.annotation,
        instance_type=operations.instance_type,
        fields_of=lambda prop: operations.list_fields(models[prop.class_info.name]),
        discriminators=shaper.discriminators,
        qualified=partial(_qualify, classes={*models, *(e.class_info.name for e in data.enums)}),
    )


def _write_all(project: Project, source: str, resources: _Resources) -> None:
    def write(template: str, target: str, **context: Any) -> None:
        path = project.package_dir / f"{target}.py"
        if path.exists():
            raise GenerationError(f"Two parts of the document come to the same file, {target}.py.")
        template = f"{template}.py.jinja"
        text = project.env.get_template(template).render(source=source, **context)
        first = f"# Made by `make generate` from {source} and overrides/templates/{template}."
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"{first}\n{text}".encode())

    for template, target in _ONCE.items():
        write(template, target)
    exports: dict[str, tuple[str, dict[str, str]]] = {
        "models": ("The models that requests and answers hold.", {}),
        "resources": ("The resources, one for each tag: what a client's attributes hold.", {}),
    }
    for model in (*project.openapi.models, *project.openapi.enums):
        info = model.class_info
        exports["models"][1][info.name] = f".{info.module_name}"
        template = "enum" if hasattr(model, "value_type") else "model"
        write(template, f"models/{info.module_name}", model=model)
    for tag, group in resources.items():
        for prefix in ("", "Async"):
            exports["resources"][1][prefix + resource_class(tag)] = f".{tag}"
        modules = {operation.names.module: "." for operation in group}
        exports[f"api/{tag}"] = "The operations of one tag.", modules
        write("resource", f"resources/{tag}", tag=tag, operations=group)
        for operation in group:
            write("endpoint_module", f"api/{tag}/{operation.names.module}", operation=operation)
    for folder, (words, names) in exports.items():
        lazy = "." * (folder.count("/") + 2)
        write("lazy_init", f"{folder}/__init__", words=words, names=names, lazy=lazy)


def _qualify(text: str, group: list[Operation], classes: set[str]) -> str:
    """Return a signature with models as attributes of `_models`, for a class of a resource.

    Inside a class with a method `list`, the word list means that method.
    """
    hidden = {name for o in group for name in (o.names.method, o.iterator_name)}

    def qualify(match: re.Match[str]) -> str:
        name = match[0]
        if name in classes:
            return f"_models.{name}"
        return f"builtins.{name}" if name in hidden and hasattr(builtins, name) else name

    quoted = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
    return re.sub(rf"{quoted}|(?<![\w.])[^\W\d]\w*", qualify, text)


def _words(value: Any) -> str:
    """Return a text of the document on its own, without spaces around it."""
    value = value.get_untrusted_value() if isinstance(value, UntrustedString) else value
    return str(value or "").strip()


def _sentence(value: Any) -> str:
    """Return a text of the document on one line that ends as a sentence does."""
    text = " ".join(_words(value).split())
    return text if not text or text[-1] in ".!?" else f"{text}."


def _paragraphs(value: Any) -> str:
    """Return a text of the document as a docstring: a sentence, a blank line, the rest."""
    first, _, rest = _words(value).partition("\n\n")
    first = " ".join(first.split())
    found = re.match(r"(.+?[.!?])\s+(?=[A-Z`(])(.+)", first)
    head, tail = found.groups() if found else (_sentence(first), "")
    lines = [*([tail, ""] if tail and rest else [tail]), *rest.splitlines()]
    body = "\n".join(textwrap.fill(line, 92) for line in lines).strip()
    return f"{head}\n\n{body}" if body else head
