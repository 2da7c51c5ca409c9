"""What the templates ask about openapi-python-client's properties."""

from __future__ import annotations

from typing import Any

from openapi_python_client.parser.properties.any import AnyProperty
from openapi_python_client.parser.properties.const import ConstProperty
from openapi_python_client.parser.properties.none import NoneProperty
from openapi_python_client.parser.properties.union import UnionProperty

from .context import Operation
from .naming import tidy_annotation


def annotation(prop: Any, *, optional: bool = True) -> str:
    """Return a property's type, None and Unset behind all else."""
    return tidy_annotation(prop.get_type_string(no_optional=not optional).as_unembedded_code())


def declaration(prop: Any) -> str:
    """Return a property as a function's parameter."""
    declaration = f"{prop.python_name}: {annotation(prop)}"
    if prop.default is not None:
        return f"{declaration} = {prop.default.python_code.as_unembedded_code()}"
    return declaration if prop.required else f"{declaration} = UNSET"


def nullable_inner(prop: Any) -> Any:
    """Return what a union has beside null, where that is one type; else None."""
    if not isinstance(prop, UnionProperty):
        return None
    others = [p for p in prop.inner_properties if not isinstance(p, NoneProperty)]
    nullable = len(others) < len(prop.inner_properties)
    return others[0] if nullable and len(others) == 1 else None


def or_none(annotation: str) -> str:
    """Return a type that may be None as well."""
    return annotation if "None" in annotation.split(" | ") else f"{annotation} | None"


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


def error_fields(resources: dict[Any, list[Operation]]) -> list[str]:
    """Return the fields in which documented errors hold text, the likeliest first."""
    names: dict[str, None] = {}
    for operations in resources.values():
        for operation in operations:
            for error in operation.errors:
                names |= dict.fromkeys(_text_fields(error.prop))
    likely = ("error", "message", "detail", "title", "error_description", "description")
    return sorted(names, key=lambda name: likely.index(name) if name in likely else len(likely))


def _text_fields(prop: Any) -> list[str]:
    properties = [
        *(getattr(prop, "required_properties", None) or ()),
        *(getattr(prop, "optional_properties", None) or ()),
    ]
    return [
        p.name.get_untrusted_value()
        for p in properties
        if p.get_type_string(no_optional=True).as_unembedded_code() in {"str", "None | str"}
    ]
