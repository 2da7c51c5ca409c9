"""Renders the templates over openapi-python-client's parser, into one package."""

from __future__ import annotations

import builtins
import re
import textwrap
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined
from openapi_python_client import Project, strings
from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.errors import GeneratorError
from openapi_python_client.parser.properties import Class
from openapi_python_client.parser.properties.protocol import PropertyProtocol
from openapi_python_client.parser.properties.union import UnionProperty
from openapi_python_client.schema import ParameterLocation
from openapi_python_client.schema.untrusted_string import UntrustedString

from .document import Document
from .errors import GenerationError, edit
from .finishing import GENERATOR
from .naming import (
    OperationNames,
    client_name,
    environment_prefix,
    name_operations,
    resource_class,
    resource_name,
)
from .operations import (
    Field,
    Operation,
    annotation,
    error_fields,
    instance_type,
    nullable_inner,
    properties,
    takes_null,
)
from .schemas import Shaped
from .shaping import shape

# The parser knows no lists and objects in headers; the package does.
_ANYWHERE: set[ParameterLocation] = PropertyProtocol._allowed_locations  # noqa: SLF001 - as said
_ANYWHERE.add(ParameterLocation.HEADER)

# Names that the generated modules use themselves, so that no model can have them.
_CLASSES = {
    *("Any", "AsyncGenerator", "ClassVar", "Final", "Generator", "Literal", "Mapping", "Self"),
    *("File", "OpenIntEnum", "OpenStrEnum", "RequestFiles", "Unset", "UNSET", "TYPE_CHECKING"),
    *("OPERATION", "None", "True", "False", *dir(builtins)),
}


def render(document: Document, source: str, package: Path, templates: Path) -> list[str]:
    """Render every template into the folder `package`; return what a person should know.

    Where a template has the name of the generator's own, it is used instead. `source` is what the
    first line of each file calls the document; the operationIds that it lacks are written into it.
    """
    config = Config.from_sources(
        ConfigFile(package_name_override=package.name, post_hooks=[]),
        MetaType.NONE,
        package,
        "utf-8",
        overwrite=True,
        output_path=package,
    )
    operations = name_operations(document)
    if not operations:
        raise GenerationError("The document has no operations. Add one under paths.")
    titles = [tag for names in operations for tag in names.tags]
    own = {client_name(document.data), *(resource_class(resource_name(tag)) for tag in titles)}
    shaped, data = _parse(
        document, operations, config, {*_CLASSES, *own, *map("Async{}".format, own)}
    )
    notes = [*shaped.notes]
    notes += (
        f"The tag {tag!r} is the attribute {resource_name(tag)}."
        for tag in dict.fromkeys(titles)
        if strings.snake_case(tag) != resource_name(tag)
    )
    made = {f"{n.resource}.{n.method}": n for n in operations if n.made}
    notes += (f"{name} is {str(n.place[2]).upper()} {n.place[1]}." for name, n in made.items())
    _Project(document, shaped, data, config, templates).render_all(source)
    return notes


def _parse(
    document: Document, operations: list[OperationNames], config: Config, reserved: set[str]
) -> tuple[Shaped, GeneratorData]:
    shaped = shape(document, operations, reserved)
    data = GeneratorData.from_dict(shaped.data, config=config)
    if isinstance(data, GeneratorError):
        raise GenerationError(f"{GENERATOR} cannot read the document.", [_explain(document, data)])
    collections = data.endpoint_collections_by_tag.values()
    warnings = [*data.errors, *(error for c in collections for error in c.parse_errors)]
    told = [_explain(document, warning) for warning in warnings]
    # A component that has the name of an inner class gives way to it.
    again = {*re.findall(r'duplicate models with name "(\w+)"', "\n".join(told))} - reserved
    if again:
        return _parse(document, operations, config, reserved | again)
    if warnings:
        raise GenerationError(f"{GENERATOR} would leave out a part of the document.", told)
    return shaped, data


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


class _Project(Project):
    """openapi-python-client's project, with the document itself in the templates' reach."""

    def __init__(
        self,
        document: Document,
        shaped: Shaped,
        data: GeneratorData,
        config: Config,
        templates: Path,
    ) -> None:
        super().__init__(openapi=data, config=config, custom_template_path=templates)
        self._shaped = shaped
        self._models = {str(m.class_info.name): m for m in data.models}
        self._classes = {str(m.class_info.name) for m in (*data.models, *data.enums)}
        self._restore_names()
        by_module = {names.module: names for names in shaped.operations}
        self._titles = {resource_name(t): t for names in by_module.values() for t in names.tags}
        made: dict[str, Operation] = {}
        self._resources: dict[str, list[Operation]] = {}
        for tag, collection in data.endpoint_collections_by_tag.items():
            for endpoint in collection.endpoints:
                module = str(endpoint.name)
                if module not in made:
                    names = by_module[module]
                    made[module] = Operation(endpoint, names, document, config, self._fields)
                self._resources.setdefault(str(tag), []).append(made[module])
        self._operations = list(made.values())
        for operation in self._operations:
            if operation.item is not None:
                beside = [
                    o for group in self._resources.values() if operation in group for o in group
                ]
                method = operation.names.method
                name = re.sub(r"^iter_list(?=_|$)", "iter", f"iter_{method}")
                while name in {o.names.method for o in beside}:
                    name += "_"
                operation.iterator_name = name
        self._describe(document.data)

    def _describe(self, document: dict[str, Any]) -> None:
        """Put into the templates' reach what they ask for."""
        name = client_name(document)
        url = ((document.get("servers") or [{}])[0] or {}).get("url", "")
        descriptions = {t["name"]: t.get("description") for t in document.get("tags") or ()}
        schemes = list(dict.fromkeys(c[0] for o in self._operations for c in o.credentials))
        self.env.undefined = StrictUndefined
        self.env.tests["taking_null"] = takes_null
        self.env.filters.update(
            literal=repr, sentence=_sentence, words=_words, paragraphs=_paragraphs
        )
        self.env.globals.update(
            document=document,
            client_name=name,
            environment=environment_prefix(name),
            base_url=url.rstrip("/") if "://" in url and "{" not in url else None,
            content_type=(document["info"].get("x-client") or {}).get("content-type"),
            error_fields=error_fields(self._operations),
            needs_key=bool(schemes),
            other_schemes=schemes[1:],
            operations=self._operations,
            resources=self._resources,
            resource_class=resource_class,
            tag_description=lambda tag: (
                descriptions.get(self._titles[tag])
                or f"The operations under the tag {self._titles[tag]}."
            ),
            is_sent=lambda model: bool((model.data.model_extra or {}).get("x-sent")),
            kind=lambda prop: type(prop).__name__.removesuffix("Property"),
            nullable_inner=nullable_inner,
            annotation=annotation,
            instance_type=instance_type,
            fields_of=self._fields,
            model_of=self._model,
            media_type=self._media_type,
            discriminator=self._discriminator,
            qualified=self._qualify,
        )

    def render_all(self, source: str) -> None:
        """Render the package; `source` is what it calls the document."""
        self.env.globals["source"] = source
        for name in ("client", "errors", "mock/__init__", "pytest_plugin", "types"):
            self._render(f"{name.replace('/__', '_').strip('_')}.py.jinja", f"{name}.py")
        self._render("package_init.py.jinja", "__init__.py")
        self._render("main.py.jinja", "__main__.py")
        self._render("service.py.jinja", "_service.py")
        self._render("api_init.py.jinja", "api/__init__.py")
        models = {}
        for model in (*self.openapi.models, *self.openapi.enums):
            info = model.class_info
            models[str(info.name)] = f".{info.module_name}"
            template = "enum" if hasattr(model, "value_type") else "model"
            self._render(f"{template}.py.jinja", f"models/{info.module_name}.py", model=model)
        self._render_names("models", "The models that requests and answers hold.", models)
        classes = {
            prefix + resource_class(tag): f".{tag}"
            for tag in self._resources
            for prefix in ("Async", "")
        }
        words = "The resources, one for each tag: what a client's attributes hold."
        self._render_names("resources", words, classes)
        for tag, operations in self._resources.items():
            modules = {o.names.module: "." for o in operations}
            self._render_names(f"api/{tag}", "The operations of one tag.", modules)
            for operation in operations:
                target = f"api/{tag}/{operation.names.module}.py"
                self._render("endpoint_module.py.jinja", target, operation=operation)
            self._render(
                "resource.py.jinja",
                f"resources/{tag}.py",
                tag=tag,
                title=self._titles[tag],
                operations=operations,
            )

    def _render_names(self, package: str, words: str, names: dict[str, str]) -> None:
        lazy = "." * (package.count("/") + 2)
        target = f"{package}/__init__.py"
        self._render("lazy_init.py.jinja", target, words=words, names=names, lazy=lazy)

    def _render(self, template: str, target: str, **context: Any) -> None:
        path = self.package_dir / target
        if path.exists():
            raise GenerationError(f"Two parts of the document come to the same file, {target}.")
        path.parent.mkdir(parents=True, exist_ok=True)
        text = self.env.get_template(template).render(**context)
        source = self.env.globals["source"]
        first = f"# Made by `make generate` from {source} and overrides/templates/{template}."
        path.write_text(f"{first}\n{text}", encoding="utf-8", newline="\n")

    def _restore_names(self) -> None:
        """Give properties and parameters the names that the document has for them."""
        collections = self.openapi.endpoint_collections_by_tag.values()
        endpoints = [endpoint for c in collections for endpoint in c.endpoints]
        props = [prop for model in self.openapi.models for prop in properties(model)]
        props += [prop for e in endpoints for _, prop in e.iter_all_parameters()]
        for prop in props:
            original = self._shaped.names.get(prop.name.get_untrusted_value())
            if original is not None:
                prop.name = UntrustedString(original)

    def _discriminator(self, prop: UnionProperty) -> tuple[str, dict[str, str]] | None:
        """Return the field that tells a union's parts apart, and the class for each value."""
        infos = [p.class_info for p in prop.inner_properties if hasattr(p, "class_info")]
        for components, (name, mapping) in self._shaped.discriminators.items():
            classes = {
                c: str(Class.from_string(string=c, config=self.config).name) for c in components
            }
            if {*classes.values()} == {str(info.name) for info in infos}:
                return name, {v: classes[c] for v, c in mapping.items() if c in classes}
        return None

    def _qualify(self, text: str, operations: list[Operation]) -> str:
        """Return a signature with models as attributes of `_models`, for a class of a resource.

        Inside a class with a method `list`, the word list means that method.
        """
        hidden = {name for o in operations for name in (o.names.method, o.iterator_name)}

        def qualify(match: re.Match[str]) -> str:
            name = match[0]
            if name in self._classes:
                return f"_models.{name}"
            return f"builtins.{name}" if name in hidden and hasattr(builtins, name) else name

        quoted = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
        return re.sub(rf"{quoted}|(?<![\w.])[^\W\d]\w*", qualify, text)

    def _model(self, prop: Any) -> Any:
        return self._models.get(str(prop.class_info.name), prop)

    def _fields(self, prop: Any) -> list[Field]:
        model = self._model(prop)
        said = model.data.model_extra or {}
        return [
            Field(p, "body", name in said["x-secrets"], name in said["x-deprecated"])
            for p in properties(model)
            for name in [str(p.name.get_untrusted_value())]
        ]

    def _media_type(self, operation: Operation, body: Any) -> str:
        parsed = body.content_type.get_untrusted_value()
        return self._shaped.media_types[operation.names.module, parsed]


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
