"""What the templates are told about the models: which are sent, and which fields are secret."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from openapi_python_client import schema as oai
from openapi_python_client.parser.openapi import GeneratorData
from openapi_python_client.parser.properties import ModelProperty
from openapi_python_client.parser.properties.list_property import ListProperty
from openapi_python_client.parser.properties.union import UnionProperty


class Models:
    """The document's models.

    Args:
        data: The document as openapi-python-client parsed it.
        document: The document itself.
    """

    def __init__(self, data: GeneratorData, document: dict[str, Any]) -> None:
        self._by_name = {str(m.class_info.name): m for m in data.models}
        components = oai.OpenAPI.model_validate(document).components
        self._schemas = {} if components is None else (components.schemas or {})
        self.sent = self._reachable(
            prop
            for collection in data.endpoint_collections_by_tag.values()
            for endpoint in collection.endpoints
            for prop in endpoint.list_all_parameters()
        )
        """The names of the models that requests hold, in whole or in part."""

    def is_sent(self, model: ModelProperty) -> bool:
        """Return whether requests hold this model; absent fields are UNSET there."""
        return str(model.class_info.name) in self.sent

    def is_secret(self, model: ModelProperty, name: str) -> bool:
        """Return whether a field of a model is never to be shown."""
        found = self._property(model.data, name, set())
        return found is not None and self._is_secret(found, set())

    def is_deprecated(self, model: ModelProperty, name: str) -> bool:
        """Return whether the document advises against a field of a model."""
        found = self._property(model.data, name, set())
        schema = None if found is None else self._resolved(found, set())
        return schema is not None and schema.deprecated is True

    def _reachable(self, properties: Iterable[Any]) -> set[str]:
        found: set[str] = set()
        waiting = list(properties)
        while waiting:
            prop = waiting.pop()
            if isinstance(prop, ListProperty):
                waiting.append(prop.inner_property)
            elif isinstance(prop, UnionProperty):
                waiting.extend(prop.inner_properties)
            elif isinstance(prop, ModelProperty) and str(prop.class_info.name) not in found:
                found.add(str(prop.class_info.name))
                model = self._by_name.get(str(prop.class_info.name), prop)
                waiting.extend(model.required_properties or ())
                waiting.extend(model.optional_properties or ())
                if model.additional_properties:
                    waiting.append(model.additional_properties)
        return found

    def _property(
        self, data: oai.Schema, name: str, seen: set[str]
    ) -> oai.Reference | oai.Schema | None:
        for key, value in (data.properties or {}).items():
            if key == name:
                return value
        for part in data.allOf:
            schema = self._resolved(part, seen)
            found = None if schema is None else self._property(schema, name, seen)
            if found is not None:
                return found
        return None

    def _is_secret(self, data: oai.Reference | oai.Schema, seen: set[str]) -> bool:
        schema = self._resolved(data, seen)
        if schema is None:
            return False
        if schema.schema_format == "password":
            return True
        parts = [*schema.allOf, *schema.anyOf, *schema.oneOf]
        if schema.items is not None:
            parts.append(schema.items)
        return any(self._is_secret(part, seen) for part in parts)

    def _resolved(self, data: oai.Reference | oai.Schema, seen: set[str]) -> oai.Schema | None:
        while isinstance(data, oai.Reference):
            name = data.ref.get_untrusted_value().rpartition("/")[2]
            if name in seen:
                return None
            seen.add(name)
            found = next((s for key, s in self._schemas.items() if key == name), None)
            if found is None:
                return None
            data = found
        return data
