# Made by `make generate` from openapi/portal-v1.yaml and overrides/templates/model.py.jinja.
"""The model `Client`."""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter
from typing import Any, ClassVar, Self

from attrs import define
from attrs import field as _field

from .._core import decode, encode
from .._secrets import list_names as _list_names
from .._secrets import mask as _mask
from .._secrets import show_model as _show_model

_TAKEN = (
    "id",
    "clientApiKey",
    "isAccountAbstracted",
    "address",
)
_take = itemgetter(*_TAKEN)


@define
class Client:
    """A client of the custodian.

    Attributes:
        id: The client's id.
        client_api_key: The client's own API key.
        is_account_abstracted: Whether the client uses ERC-4337 account abstraction.
        address: The address of the client's wallet, once its device has made one.
        additional_properties: What came beside the documented fields.
    """

    id: str
    client_api_key: str = _field(repr=_mask)
    is_account_abstracted: bool
    address: str | None = None
    additional_properties: dict[str, Any] = _field(
        factory=dict[str, Any], kw_only=True, repr=_list_names
    )
    _nulls: frozenset[str] = _field(default=frozenset(), init=False, repr=False, eq=False)
    # The attribute of each documented field.
    _NAMES: ClassVar[Mapping[str, str]] = {
        "id": "id",
        "clientApiKey": "client_api_key",
        "isAccountAbstracted": "is_account_abstracted",
        "address": "address",
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
        try:
            v1, v2, v3, v4 = _take(fields)
        except KeyError:
            get: Any = fields.get
            v1, v2, v3, v4 = map(get, _TAKEN)
        model.id = v1 if v1.__class__ is str else decode.field(fields, "id", decode.string)
        model.client_api_key = (
            v2 if v2.__class__ is str else decode.field(fields, "clientApiKey", decode.string)
        )
        model.is_account_abstracted = (
            v3
            if v3.__class__ is bool
            else decode.field(fields, "isAccountAbstracted", decode.boolean)
        )
        model.address = (
            v4
            if v4 is None or v4.__class__ is str
            else decode.optional(
                fields, "address", lambda value: decode.nullable(value, decode.string), None
            )
        )
        model.additional_properties = {}
        model._nulls = decode.NO_NAMES
        if len(fields) != 4 or model.address is None:
            model.additional_properties = decode.additional(fields, cls._NAMES, decode.anything)
            model._nulls = decode.nulls(fields, ("address",))
        return model if cls is Client else decode.with_defaults(model)

    def to_dict(self) -> dict[str, Any]:
        """Return the model as a JSON object for `json.dumps`. It shows secrets.

        `from_dict` makes an equal model of it.
        """
        fields: dict[str, Any] = {
            **encode.json_value(self.additional_properties),
            "id": self.id,
            "clientApiKey": self.client_api_key,
            "isAccountAbstracted": self.is_account_abstracted,
        }
        if self.address is not None or "address" in self._nulls:
            fields["address"] = self.address
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
