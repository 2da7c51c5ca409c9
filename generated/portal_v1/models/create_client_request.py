# Made by `make generate` from openapi/portal-v1.yaml and overrides/templates/model.py.jinja.
"""The model `CreateClientRequest`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from attrs import define

from .._core import decode
from ..types import UNSET, Unset

_NAMES: frozenset[str] = frozenset(
    {
        "isAccountAbstracted",
    }
)


@define
class CreateClientRequest:
    """How a new client is to be set up.

    Attributes:
        is_account_abstracted: Whether the client will use ERC-4337 account abstraction.
    """

    is_account_abstracted: bool | Unset = UNSET

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """Return the model for a JSON object.

        Raises:
            ValueError: It is not what the specification describes. The message does not show it.
        """
        fields = src_dict if src_dict.__class__ is dict else decode.fields(src_dict)
        get: Any = fields.get
        decode.nothing_else(fields, _NAMES)
        model = cls.__new__(cls)
        model.is_account_abstracted = (
            UNSET
            if (value := get("isAccountAbstracted", decode.MISSING)) is decode.MISSING
            else value
            if value.__class__ is bool
            else decode.field("isAccountAbstracted", value, decode.boolean)
        )
        return model

    def to_dict(self) -> dict[str, Any]:
        """Return the model as a JSON object, secrets included."""
        fields: dict[str, Any] = {}
        if not isinstance(self.is_account_abstracted, Unset):
            fields["isAccountAbstracted"] = self.is_account_abstracted
        return fields
