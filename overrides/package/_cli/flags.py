"""From the arguments of a method to the flags of a command."""

from __future__ import annotations

import datetime
import enum
import getpass
import inspect
import json
import sys
import types
import uuid
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from cyclopts import Parameter as Flag
from cyclopts import Token

from .._core.operation import Operation
from .._core.secrets import Secret
from ..types import UNSET, File, Unset

_PLAIN = {str, int, float, bool, datetime.date, datetime.datetime, uuid.UUID, types.NoneType}


def make_flags(
    operation: Operation[Any],
    signature: inspect.Signature,
    hints: Mapping[str, Any],
    reserved: frozenset[str],
) -> list[inspect.Parameter]:
    """Return the parameters of an operation's command.

    Args:
        operation: The operation.
        signature: The signature of its method on the resource.
        hints: The types of the method's arguments.
        reserved: The flags that every command has; an argument of such a name is called
            `--request-...` instead.
    """
    described = (*operation.parameters, *(operation.body.arguments if operation.body else ()))
    secrets = {parameter.python_name for parameter in described if parameter.secret}
    flags: list[inspect.Parameter] = []
    for argument in list(signature.parameters.values())[1:]:
        name = argument.name.strip("_").replace("_", "-")
        name = f"request-{name}" if name in reserved else name
        is_secret = argument.name in secrets
        annotation = _annotation(argument, hints[argument.name], name, is_secret=is_secret)
        flags.append(argument.replace(annotation=annotation))
    return flags


def read_secret(source: str) -> Secret[str]:
    """Return what a file holds, white space around it apart; `-` is standard input.

    Raises:
        ValueError: It cannot be read, or holds nothing. The message does not show `source`, for
            somebody may have passed the secret itself.
    """
    try:
        if source == "-" and sys.stdin.isatty():
            content = Secret(getpass.getpass("Secret (not shown): ").encode())
        else:
            content = Secret(_read(source))
        text = Secret(content.reveal().decode().strip())
    except OSError as error:
        raise ValueError(f"The file cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ValueError("The file is not text in UTF-8.") from None
    if not text.reveal():
        place = "Standard input" if source == "-" else "The file"
        raise ValueError(f"{place} is empty.")
    return text


def _annotation(argument: inspect.Parameter, hint: Any, name: str, *, is_secret: bool) -> Any:
    shown = argument.default is not argument.empty and argument.default is not UNSET
    flag = Flag(show_default=shown, json_list=False)
    if argument.kind is argument.KEYWORD_ONLY or is_secret:
        flag = Flag.combine(flag, Flag(name=f"--{name}{'-file' * is_secret}"))
    parts = [part for part in _members(hint) if part is not Unset]
    if is_secret:
        return Annotated[str, flag, _converted("FILE|-", lambda text: read_secret(text).reveal())]
    if parts == [File]:
        return Annotated[str, flag, _converted("FILE|-", _file)]
    if all(_is_plain(part) for part in parts):
        return Annotated[Union[tuple(map(_to_plain, parts))], flag]  # noqa: UP007
    return Annotated[str, flag, _converted("JSON|@FILE|@-", lambda text: _from_json(text, parts))]


def _members(hint: Any) -> Sequence[Any]:
    return get_args(hint) if get_origin(hint) in {Union, types.UnionType} else (hint,)


def _is_plain(hint: Any) -> bool:
    if get_origin(hint) is list:
        (item,) = get_args(hint)
        return get_origin(item) is not list and _is_plain(item)
    if get_origin(hint) is Literal:
        return True
    return hint in _PLAIN or (isinstance(hint, type) and issubclass(hint, enum.Enum))


def _to_plain(hint: Any) -> Any:
    """Return the type with enums as the values that are sent."""
    if get_origin(hint) is list:
        return list[_to_plain(get_args(hint)[0])]  # type: ignore[misc]
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return Literal[tuple(member.value for member in hint)]
    return hint


def _converted(metavar: str, convert: Callable[[str], Any]) -> Flag:
    def converter(_type: Any, tokens: Sequence[Token]) -> Any:
        return convert(tokens[0].value)

    return Flag(converter=converter, metavar=metavar, n_tokens=1)


def _read(source: str) -> bytes:
    return sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()


def _file(source: str) -> File:
    try:
        return File(BytesIO(_read(source)), None if source == "-" else Path(source).name)
    except OSError as error:
        raise ValueError(f"The file {source} cannot be read: {error.strerror}.") from None


def _from_json(text: str, parts: Sequence[Any]) -> Any:
    """Return the value that a JSON text stands for, as the first type that takes it."""
    if text.startswith("@"):
        text = _file(text[1:]).payload.read().decode()
    try:
        value = json.loads(text)
    except ValueError as error:
        raise ValueError(f"It is not JSON: {error}.") from None
    problem = None
    for from_dict in filter(None, (getattr(part, "from_dict", None) for part in parts)):
        try:
            return from_dict(value)
        except ValueError as error:
            problem = error
    if problem:
        raise ValueError(f"{problem}.") from None
    return value
