# Made by `make generate` from openapi/portal-v1.yaml and overrides/templates/model.py.jinja.
"""The model `ClientSummary`."""

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
    "address",
    "backupStatus",
    "signingStatus",
)
_take = itemgetter(*_TAKEN)


@define
class ClientSummary:
    """A client as the list of all clients shows it.

    Attributes:
        id: The client's id.
        client_api_key: The client's own API key.
        address: The address of the client's wallet, once its device has made one.
        backup_status: How far the wallet's backup has come. Portal adds values as it needs
            them.
        signing_status: How far the wallet's signing share has come. Portal adds values as it
            needs them.
        additional_properties: What came beside the documented fields.
    """

    id: str
    client_api_key: str = _field(repr=_mask)
    address: str | None = None
    backup_status: str | None = None
    signing_status: str | None = None
    additional_properties: dict[str, Any] = _field(
        factory=dict[str, Any], kw_only=True, repr=_list_names
    )
    _nulls: frozenset[str] = _field(default=frozenset(), init=False, repr=False, eq=False)
    # The attribute of each documented field.
    _NAMES: ClassVar[Mapping[str, str]] = {
        "id": "id",
        "clientApiKey": "client_api_key",
        "address": "address",
        "backupStatus": "backup_status",
        "signingStatus": "signing_status",
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
            v1, v2, v3, v4, v5 = _take(fields)
        except KeyError:
            get: Any = fields.get
            v1, v2, v3, v4, v5 = map(get, _TAKEN)
        model.id = v1 if v1.__class__ is str else decode.field(fields, "id", decode.string)
        model.client_api_key = (
            v2 if v2.__class__ is str else decode.field(fields, "clientApiKey", decode.string)
        )
        model.address = (
            v3
            if v3 is None or v3.__class__ is str
            else decode.optional(
                fields, "address", lambda value: decode.nullable(value, decode.string), None
            )
        )
        model.backup_status = (
            v4
            if v4 is None or v4.__class__ is str
            else decode.optional(
                fields, "backupStatus", lambda value: decode.nullable(value, decode.string), None
            )
        )
        model.signing_status = (
            v5
            if v5 is None or v5.__class__ is str
            else decode.optional(
                fields, "signingStatus", lambda value: decode.nullable(value, decode.string), None
            )
        )
        model.additional_properties = {}
        model._nulls = decode.NO_NAMES
        if (
            len(fields) != 5
            or model.address is None
            or model.backup_status is None
            or model.signing_status is None
        ):
            model.additional_properties = decode.additional(fields, cls._NAMES, decode.anything)
            model._nulls = decode.nulls(
                fields,
                (
                    "address",
                    "backupStatus",
                    "signingStatus",
                ),
            )
        return model if cls is ClientSummary else decode.with_defaults(model)

    def to_dict(self) -> dict[str, Any]:
        """Return the model as a JSON object for `json.dumps`. It shows secrets.

        `from_dict` makes an equal model of it.
        """
        fields: dict[str, Any] = {
            **encode.json_value(self.additional_properties),
            "id": self.id,
            "clientApiKey": self.client_api_key,
        }
        if self.address is not None or "address" in self._nulls:
            fields["address"] = self.address
        if self.backup_status is not None or "backupStatus" in self._nulls:
            fields["backupStatus"] = self.backup_status
        if self.signing_status is not None or "signingStatus" in self._nulls:
            fields["signingStatus"] = self.signing_status
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
