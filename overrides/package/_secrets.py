"""Values that are carried but never shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, Generic, NoReturn, Self, TypeVar, dataclass_transform, final

from attrs import fields

T = TypeVar("T")

MASK: Final = "***"  # ASCII: a terminal may know nothing else

_SHORT: Final = 8  # characters


@final
class Secret(Generic[T]):
    """A value that is asked for by name and that no repr, str or pickle shows."""

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    def reveal(self) -> T:
        """Return the value. Keep it out of variables that outlive the line."""
        return self._value

    def __repr__(self) -> str:
        return MASK

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")


@dataclass_transform(kw_only_default=True, eq_default=False)
class Record:
    """A value with named fields, which its repr shows none of. It costs nothing to define one."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)

    def replace(self, **changes: Any) -> Self:
        """Return a changed copy."""
        return type(self)(**{**vars(self), **changes})


def mask(value: object) -> str:
    """Return what a repr shows in place of a secret field: a mask, or that there is no value."""
    return MASK if value else repr(value)


def list_names(values: Mapping[str, object]) -> str:
    """Return what a repr shows of fields that the specification does not know: their names."""
    return "{" + ", ".join(f"{name!r}: ..." for name in values) + "}"


class Headers(Mapping[str, str]):
    """Header fields, looked up in any case; its repr shows their names alone."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = {name.lower(): value for name, value in fields.items()}

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return f"Headers({list_names(self._fields)})"


def show_model(model: Any) -> str:
    """Return the repr of a model; empty `additional_properties` are left out."""
    known: tuple[Any, ...] = fields(model.__class__)
    shown = ((one, getattr(model, one.name, None)) for one in known if one.repr)
    parts = (
        f"{one.name}={one.repr(value) if callable(one.repr) else repr(value)}"
        for one, value in shown
        if value or one.name != "additional_properties"
    )
    return f"{type(model).__name__}({', '.join(parts)})"


def show_text(text: str, secrets: Iterable[Secret[str]], at_most: int) -> str:
    """Return a text on one line: known secrets masked, no control characters, shortened."""
    for secret in secrets:
        text = re.sub(_pattern(secret, re.escape), MASK, text)
    text = "".join(c if c.isprintable() else " " for c in text[: 2 * at_most]).strip()
    return text if len(text) <= at_most else f"{text[: at_most - 3]}..."


def redact_body(body: Secret[bytes], secrets: Iterable[Secret[str]]) -> Secret[bytes]:
    """Return `body` with every occurrence of a known secret masked, escaped as JSON or not."""
    for secret in secrets:
        pattern = _pattern(secret, _escape_json).encode()
        body = Secret(re.sub(pattern, MASK.encode(), body.reveal()))
    return body


def _pattern(secret: Secret[str], escape: Callable[[str], str]) -> str:
    pattern = "".join(map(escape, secret.reveal()))
    # Cut out of the midst of words, a short secret would garble every text.
    return pattern if len(secret.reveal()) >= _SHORT else rf"(?<!\w){pattern}(?!\w)"


def _escape_json(character: str) -> str:
    """Return a pattern of the ways in which JSON writes a character."""
    return rf"(?:\\?{re.escape(character)}|\\u(?i:{ord(character):04x}))"
