# Made by `make generate` from openapi/portal-v1.yaml and overrides/templates/model.py.jinja.
"""The model `ClientWebOtp`."""

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
    "otp",
)
_take = itemgetter(*_TAKEN)


@define
class ClientWebOtp:
    """A client's one-time password for the web.

    Attributes:
        id: The client's id.
        otp: The one-time password (OTP). It works once.
        additional_properties: What came beside the documented fields.
    """

    id: str
    otp: str = _field(repr=_mask)
    additional_properties: dict[str, Any] = _field(
        factory=dict[str, Any], kw_only=True, repr=_list_names
    )
    # The attribute of each documented field.
    _NAMES: ClassVar[Mapping[str, str]] = {
        "id": "id",
        "otp": "otp",
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
            v1, v2 = _take(fields)
        except KeyError:
            get: Any = fields.get
            v1, v2 = map(get, _TAKEN)
        model.id = v1 if v1.__class__ is str else decode.field(fields, "id", decode.string)
        model.otp = v2 if v2.__class__ is str else decode.field(fields, "otp", decode.string)
        model.additional_properties = {}
        if len(fields) != 2:
            model.additional_properties = decode.additional(fields, cls._NAMES, decode.anything)
        return model if cls is ClientWebOtp else decode.with_defaults(model)

    def to_dict(self) -> dict[str, Any]:
        """Return the model as a JSON object for `json.dumps`. It shows secrets.

        `from_dict` makes an equal model of it.
        """
        fields: dict[str, Any] = {
            **encode.json_value(self.additional_properties),
            "id": self.id,
            "otp": self.otp,
        }
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
