# Made by `make generate` from openapi/portal-v1.yaml and overrides/templates/model.py.jinja.
"""The model `CreateClientRequest`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from attrs import define
from attrs import field as _field

from .._core import decode, encode
from .._secrets import list_names as _list_names
from .._secrets import show_model as _show_model
from ..types import UNSET, Unset


@define
class CreateClientRequest:
    """How a new client is to be set up.

    Keys beside these are taken.

    Attributes:
        is_account_abstracted: Whether the client will use ERC-4337 account abstraction.
        additional_properties: What came beside the documented fields.
    """

    is_account_abstracted: bool | Unset = UNSET
    additional_properties: dict[str, Any] = _field(
        factory=dict[str, Any], kw_only=True, repr=_list_names
    )
    # The attribute of each documented field.
    _NAMES: ClassVar[Mapping[str, str]] = {
        "isAccountAbstracted": "is_account_abstracted",
    }

    def __repr__(self) -> str:
        return _show_model(self)

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """Return the model for a JSON object.

        Raises:
            ValueError: It is not what the specification describes. The message does not show it.
        """
        fields = src_dict if src_dict.__class__ is dict else decode.fields(src_dict)
        model = cls.__new__(cls)
        model.is_account_abstracted = decode.optional(
            fields, "isAccountAbstracted", decode.boolean, UNSET
        )
        model.additional_properties = {}
        if len(fields) != 1 or model.is_account_abstracted is UNSET:
            model.additional_properties = decode.additional(fields, cls._NAMES, decode.anything)
        return model if cls is CreateClientRequest else decode.with_defaults(model)

    def to_dict(self) -> dict[str, Any]:
        """Return the model as a JSON object for `json.dumps`. It shows secrets.

        `from_dict` makes an equal model of it.
        """
        fields: dict[str, Any] = {
            **encode.json_value(self.additional_properties),
        }
        if not isinstance(self.is_account_abstracted, Unset):
            fields["isAccountAbstracted"] = self.is_account_abstracted
        return fields

    @property
    def additional_keys(self) -> list[str]:
        """The names of the fields beside the documented ones."""
        return list(self.additional_properties)

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
