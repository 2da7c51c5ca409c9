"""Names of the document that would clash with one another or with the generated code's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from openapi_python_client.parser.openapi import GeneratorData

from .context import Operation
from .errors import GenerationError
from .naming import resource_class

_CLIENT_ATTRIBUTES = {"aclose", "close", "pipeline", "with_options"}
_CLASSES = {
    *("Any", "AsyncGenerator", "Final", "Generator", "Literal", "Mapping", "Self", "Unset"),
    *("OpenIntEnum", "OpenStrEnum", "RequestFiles"),
}
_MODEL_ATTRIBUTES = {
    *("additional_keys", "additional_properties", "from_dict", "to_dict", "to_multipart"),
}


def check_names(
    data: GeneratorData,
    resources: Mapping[Any, list[Operation]],
    tag_titles: Mapping[str, str],
    client: str,
) -> None:
    """Check that every name means one thing.

    Args:
        data: The document as openapi-python-client parsed it.
        resources: The operations by tag.
        tag_titles: The tags as the document writes them.
        client: The client class's name.

    Raises:
        GenerationError: Names clash, or there is no operation.
    """
    if not any(resources.values()):
        raise GenerationError("The document has no operations. Add one under paths.")
    problems = _resource_problems(resources, tag_titles) + _model_problems(data, client, tag_titles)
    if problems:
        raise GenerationError("Names clash. Give one an x-method-name, or another name.", problems)


def _resource_problems(
    resources: Mapping[Any, list[Operation]], tag_titles: Mapping[str, str]
) -> list[str]:
    problems = []
    for tag, operations in resources.items():
        title = tag_titles[tag]
        if tag in _CLIENT_ATTRIBUTES:
            problems.append(f"The tag {title} comes to {tag}, which the client has.")
        if not resource_class(title).isidentifier():
            problems.append(f"The tag {title} cannot name a class.")
        names = Counter(name for operation in operations for name in operation.method_names)
        problems += [
            f"{title}: several operations come to the method {name}: "
            + ", ".join(o.id for o in operations if name in o.method_names)
            for name, times in names.items()
            if times > 1
        ]
    classes = Counter(resource_class(title) for title in tag_titles.values())
    problems += [f"Several tags come to {name}." for name, times in classes.items() if times > 1]
    return problems


def _model_problems(data: GeneratorData, client: str, tag_titles: Mapping[str, str]) -> list[str]:
    own = {client, f"Async{client}", *_CLASSES}
    own |= {f"{prefix}{resource_class(t)}" for t in tag_titles.values() for prefix in ("", "Async")}
    problems = [
        f"A schema comes to the class {item.class_info.name}, which the generated code has. "
        "Rename it, or give its class another name under class_overrides in the configuration."
        for item in (*data.models, *data.enums)
        if str(item.class_info.name) in own
    ]
    for model in data.models:
        fields = [*(model.required_properties or ()), *(model.optional_properties or ())]
        problems += [
            f"{model.class_info.name}: the property {field.name.get_untrusted_value()} comes to "
            f"{field.python_name}, which every model has. Rename it."
            for field in fields
            if str(field.python_name) in _MODEL_ATTRIBUTES
        ]
    return problems
