"""Renders the templates over openapi-python-client's parser, into one package."""

from __future__ import annotations

import builtins
import contextlib
import io
import re
import traceback
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError
from openapi_python_client import Project, strings
from openapi_python_client.config import Config
from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.errors import GeneratorError
from openapi_python_client.parser.openapi import import_string_from_class

from .clashes import check_names
from .context import Operation, operation_context, raw_operations
from .copying import copy_package
from .errors import GenerationError
from .models import Models
from .naming import (
    client_name,
    environment_prefix,
    qualify_builtins,
    resource_class,
)
from .properties import (
    annotation,
    declaration,
    error_fields,
    instance_type,
    nullable_inner,
    or_none,
)


def render(  # noqa: PLR0913
    document: dict[str, Any],
    *,
    source: str,
    config: Config,
    templates: Path,
    package: Path,
    destination: Path,
) -> None:
    """Render every template and copy the modules that do not depend on the document.

    Args:
        document: The OpenAPI document.
        source: What the first line of each file calls the document.
        config: openapi-python-client's configuration.
        templates: Our templates; where one has the name of the generator's own, it is used instead.
        package: The modules that are copied as they are.
        destination: The folder that becomes the package. It is made.

    Raises:
        GenerationError: The generator warns, a template fails, or two names clash.
    """
    data = GeneratorData.from_dict(document, config=config)
    if isinstance(data, GeneratorError):
        raise GenerationError("The document cannot be parsed.", [_told(data)])
    warnings = [*data.errors]
    for collection in data.endpoint_collections_by_tag.values():
        warnings.extend(collection.parse_errors)
    if warnings:
        raise GenerationError(
            "openapi-python-client would leave out a part of the document.",
            dict.fromkeys(_told(warning) for warning in warnings),
        )
    project = _Project(
        document, source, openapi=data, config=config, custom_template_path=templates
    )
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            errors = project.build()
    except GenerationError:
        raise
    except Exception as error:
        # A template's own expressions can raise anything.
        raise GenerationError(f"{_place(error)}: {error}") from error
    if errors:
        raise GenerationError("The package was not rendered whole.", [_told(e) for e in errors])
    copy_package(package, destination)


def _place(error: Exception) -> str:
    """Return the template and line where rendering failed."""
    if isinstance(error, TemplateSyntaxError):
        return f"{error.name}, line {error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    for frame in reversed(frames):
        if frame.filename.endswith(".jinja"):
            return f"{Path(frame.filename).name}, line {frame.lineno}"
    return type(error).__name__


def _told(error: GeneratorError) -> str:
    parts = [error.header.strip(), (error.detail or "").strip()]
    told = ": ".join(part for part in parts if part)
    # The generator prints some of its wrapped strings bare.
    return re.sub(r"<[\w.]+ object at 0x[0-9a-f]+>", "(a text of the document)", told)


class _Project(Project):
    """openapi-python-client's project, with the document itself in the templates' reach."""

    def __init__(self, document: dict[str, Any], source: str, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._source = source
        self.env.undefined = StrictUndefined
        self.env.filters["literal"] = repr
        self._models = Models(self.openapi, document)
        self._resources = self._operations(document)
        name = client_name(document)
        check_names(self.openapi, self._resources, self._tag_titles, name)
        servers = document.get("servers") or [{}]
        url = servers[0].get("url", "")
        credentials = [o.credential for ops in self._resources.values() for o in ops]
        self.env.globals.update(
            document=document,
            client_name=name,
            environment=environment_prefix(name),
            base_url=url.rstrip("/") if "://" in url and "{" not in url else None,
            content_type=(document["info"].get("x-client") or {}).get("content-type"),
            error_fields=error_fields(self._resources),
            needs_key=any(credential is not None for credential in credentials),
            resources=self._resources,
            resource_class=lambda tag: resource_class(self._tag_titles[tag]),
            tag_description=lambda tag: self._tag_description(document, tag),
            is_sent=self._models.is_sent,
            is_secret=self._models.is_secret,
            is_deprecated=self._models.is_deprecated,
            kind=lambda prop: type(prop).__name__.removesuffix("Property"),
            nullable_inner=nullable_inner,
            annotation=annotation,
            declaration=declaration,
            or_none=or_none,
            instance_type=instance_type,
            model_of=self._model_of,
            qualified=qualify_builtins,
            hides_builtins=lambda names: any(hasattr(builtins, name) for name in names),
        )
        self._model_by_name = {str(m.class_info.name): m for m in self.openapi.models}

    def build(self) -> list[GeneratorError]:
        """Render the package."""
        self.package_dir.mkdir(parents=True)
        for template, target in (
            ("package_init.py.jinja", "__init__.py"),
            ("version.py.jinja", "_version.py"),
            ("service.py.jinja", "_service.py"),
            ("types.py.jinja", "types.py"),
            ("errors.py.jinja", "errors.py"),
            ("client.py.jinja", "client.py"),
            ("main.py.jinja", "__main__.py"),
            ("mock_init.py.jinja", "mock/__init__.py"),
            ("pytest_plugin.py.jinja", "pytest_plugin.py"),
        ):
            self._render(template, target)
        self._build_models()
        self._build_operations()
        self._build_resources()
        return list(self._get_errors())

    def _render(self, template: str, target: str, **context: Any) -> None:
        path = self.package_dir / target
        if path.exists():
            raise GenerationError(f"Two parts of the document come to the same file, {target}.")
        path.parent.mkdir(parents=True, exist_ok=True)
        text = self.env.get_template(template).render(**context)
        first = f"# Made by `make generate` from {self._source} and overrides/templates/{template}."
        path.write_text(f"{first}\n{text}", encoding=self.config.file_encoding)

    def _build_models(self) -> None:
        imports, names = [], []
        for model in self.openapi.models:
            self._render("model.py.jinja", f"models/{model.class_info.module_name}.py", model=model)
            imports.append(import_string_from_class(model.class_info))
            names.append(model.class_info.name)
        for enum in self.openapi.enums:
            template = "int_enum.py.jinja" if enum.value_type is int else "str_enum.py.jinja"
            self._render(template, f"models/{enum.class_info.module_name}.py", enum=enum)
            imports.append(import_string_from_class(enum.class_info))
            names.append(enum.class_info.name)
        self._render("models_init.py.jinja", "models/__init__.py", imports=imports, alls=names)

    def _build_operations(self) -> None:
        by_id = {o.id: o for found in self._resources.values() for o in found}
        self._render("api_init.py.jinja", "api/__init__.py", operations=by_id)
        for tag, operations in self._resources.items():
            collection = self.openapi.endpoint_collections_by_tag[tag]
            self._render(
                "endpoint_init.py.jinja", f"api/{tag}/__init__.py", endpoint_collection=collection
            )
            for operation in operations:
                self._render(
                    "endpoint_module.py.jinja",
                    f"api/{tag}/{operation.module}.py",
                    operation=operation,
                    endpoint=operation.endpoint,
                )

    def _build_resources(self) -> None:
        self._render("resources_init.py.jinja", "resources/__init__.py")
        for tag, operations in self._resources.items():
            self._render(
                "resource.py.jinja",
                f"resources/{tag}.py",
                tag=tag,
                title=self._tag_titles[tag],
                operations=operations,
                methods=[name for o in operations for name in o.method_names],
            )

    def _operations(
        self, document: dict[str, Any]
    ) -> dict[strings.PythonIdentifier, list[Operation]]:
        raw = raw_operations(document, self.config)
        self._tag_titles: dict[str, str] = {}
        resources = {}
        contexts: dict[str, Operation] = {}
        for tag, collection in self.openapi.endpoint_collections_by_tag.items():
            operations = []
            for endpoint in collection.endpoints:
                found = raw[str(endpoint.name)]
                for title in found.data.get("tags") or ["default"]:
                    self._tag_titles.setdefault(
                        str(strings.PythonIdentifier(title, prefix="tag")), title
                    )
                context = contexts.get(str(endpoint.name))
                if context is None:
                    context = operation_context(endpoint, found, document, self.config, str(tag))
                    contexts[str(endpoint.name)] = context
                operations.append(context)
            resources[tag] = operations
        return resources

    def _tag_description(self, document: dict[str, Any], tag: str) -> str:
        title = self._tag_titles[tag]
        for described in document.get("tags") or ():
            if described["name"] == title and described.get("description"):
                return str(described["description"])
        return f"The operations under the tag {title}."

    def _model_of(self, prop: Any) -> Any:
        return self._model_by_name.get(str(prop.class_info.name), prop)
