# Edited in overrides/package/_cli/commands.py, from where `make generate` copies it.
"""The program: a command for each operation, its flags, its errors and its exit codes."""

from __future__ import annotations

import datetime
import enum
import getpass
import inspect
import json
import os
import re
import sys
import types
import uuid
from collections.abc import Callable, Sequence
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Union, cast, get_args, get_origin, get_type_hints

import attrs
from cyclopts import App, CycloptsError, Group, Parameter, Token
from cyclopts.exceptions import UnusedCliTokensError
from rich.console import Console

from .. import errors
from .._core.operation import Operation
from .._secrets import Secret
from .._service import SERVICE
from .._version import __version__
from ..api import OPERATIONS
from ..types import UNSET, File, Unset
from .output import Format, field_names, mask_secrets, print_values, show_progress

_FAILURES: Final[dict[int, tuple[type[Exception], ...]]] = {
    2: (errors.InvalidRequestError, CycloptsError),
    3: (errors.ConfigurationError,),
    5: (errors.RateLimitError, errors.ServerError, errors.APIConnectionError),
    4: (errors.APIStatusError,),
    6: (errors.InvalidResponseError,),
}
_HELP: Final = f"""
Environment:
  {SERVICE.key_variable}  the API key
  {SERVICE.url_variable}  where the API is, in place of {SERVICE.base_url}

Exit codes:
  0    success
  1    the output could not be written, or another failure
  2    the command or a value in it cannot be used; nothing was sent
  3    a setting is missing or cannot be used, such as the key; nothing was sent
  4    the server refused the request (4xx)
  5    no answer came in time, the server failed (5xx), or it asks to slow down (429)
  6    the answer is not the documented one
  130  interrupted with Ctrl-C
  141  the reader of the output closed the pipe"""
_NO_KEY_IN_ARGUMENTS: Final = (
    f"A key is never taken from an argument, which others can see. Set {SERVICE.key_variable}, or "
    "use --api-key-file FILE; with - as the file it is read from standard input."
)


@attrs.frozen
class _Options:
    """The flags that every command has."""

    output: Annotated[Format, Parameter(alias="-o", help="How to print the result.")] = "table"
    show_secrets: Annotated[
        bool, Parameter(negative=(), help="Print secrets, which are masked otherwise.")
    ] = False
    api_key_file: Annotated[
        str | None,
        Parameter(
            metavar="FILE|-",
            allow_leading_hyphen=True,
            help=f"Where to read the API key, in place of {SERVICE.key_variable}; - is stdin.",
        ),
    ] = None


_DEFAULTS: Final = _Options()
_PLAIN: Final = {
    *(str, int, float, bool, datetime.date, datetime.datetime, uuid.UUID, types.NoneType)
}


def run(client_class: Any) -> int:
    """Run the command that the process's arguments name, and return the exit code."""
    for name in ("stdout", "stderr"):
        # A closed stream is none. What an encoding lacks is escaped; a pipe gets each line at once.
        stream = getattr(sys, name) or Path(os.devnull).open("w")  # noqa: SIM115 - it is open as long as the program runs
        stream.reconfigure(errors="backslashreplace", line_buffering=True)
        setattr(sys, name, stream)
    try:
        return _run(_make_app(client_class), sys.argv[1:])
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        return _fail(f"The output cannot be written: {error.strerror}.", 1)
    except KeyboardInterrupt:
        return _fail("Interrupted. What was sent may have been done.", 130)


def _run(app: App, arguments: list[str]) -> int:
    if {argument.partition("=")[0] for argument in arguments} & {"--api-key", "--key", "--token"}:
        return _fail(_NO_KEY_IN_ARGUMENTS, 2)
    try:
        _, apps, rest = app.parse_commands(arguments)
        if not rest and apps[-1].default_command is None:
            app.help_print(arguments)
            return _fail("Name one of these commands.", 2)
        app(arguments, print_error=False, exit_on_error=False, result_action="return_value")
    except Exception as error:
        code = next((c for c, kinds in _FAILURES.items() if isinstance(error, kinds)), None)
        if code is None:
            raise
        if isinstance(error, UnusedCliTokensError):  # One of them may be a secret.
            count = len(error.unused_tokens or ())
            return _fail(f"{count} argument{'s' * (count > 1)} too many. Try --help.", code)
        if isinstance(error, CycloptsError):
            return _fail(f"{error} Try --help.", code)
        if isinstance(error, errors.InvalidResponseError) and "--show-secrets" in arguments:
            sys.stderr.write(f"{(error.body or b'').decode(errors='backslashreplace')}\n")
        return _fail(_in_flags(str(error)), code)
    return 0


def _fail(sentence: str, code: int) -> int:
    sys.stderr.write(f"error: {sentence}\n")
    return code


def _in_flags(message: str) -> str:
    """Return a message of the package with flags in place of Python's arguments."""
    message = message.replace(": pace= keeps a client to a rate", "")
    message = message.replace("api_key=", "--api-key-file")
    message = message.replace("max_attempts is", "--max-attempts is")
    return re.sub(r"\btimeout(=| (?=is a))", "--timeout ", message)


def _make_app(client_class: Any) -> App:
    package = __name__.removesuffix("._cli.commands")
    name = Path(sys.argv[0]).name
    is_module = name == "__main__.py"
    is_watched = sys.stdout.isatty()
    app = App(
        name=f"python -m {package}" if is_module else name,
        help=(sys.modules[package].__doc__ or "").partition("\n\n")[0],
        version=__version__,
        help_format="plaintext",
        help_formatter="default" if is_watched else "plain",
        help_epilogue=_HELP,
        console=None if is_watched else Console(width=10_000),  # A program reads whole lines.
        suppress_keyboard_interrupt=False,
    )
    if not is_module:
        cast("Any", app).register_install_completion_command(add_to_startup=False)
    for operation in OPERATIONS.values():
        group = _kebab(operation.resource)
        if group not in app:
            described = getattr(client_class, operation.resource).__doc__
            app.command(App(name=group, help=described, help_epilogue=""))
        _add_command(app[group], operation, client_class)
    return app


def _kebab(name: str) -> str:
    return name.strip("_").replace("_", "-")


def _add_command(group: App, operation: Operation[Any], client_class: Any) -> None:
    resource = get_type_hints(getattr(client_class, operation.resource).fget)["return"]
    method = getattr(resource, operation.iterator_name or operation.method_name)
    hints = get_type_hints(method)
    is_list = operation.iterator_name is not None
    fields = field_names(get_args(hints["return"])[0] if is_list else hints["return"])

    def command(*arguments: Any, options: _Options = _DEFAULTS, **named: Any) -> None:
        key = options.api_key_file and _read_secret(options.api_key_file)
        with client_class(key and key.reveal()) as client:
            call = getattr(getattr(client, operation.resource), method.__name__)
            result = call(*arguments, **named)
            if isinstance(result, File):
                sys.stdout.buffer.write(result.payload.read())
            elif is_list:
                with closing(result), show_progress(result) as (items, out):
                    shown = items if options.show_secrets else map(mask_secrets, items)
                    print_values(shown, fields, options.output, out, is_list=True)
            elif result is not None:
                shown = result if options.show_secrets else mask_secrets(result)
                print_values([shown], fields, options.output, sys.stdout, is_list=False)
        sys.stdout.flush()

    described = (*operation.parameters, *(operation.body.arguments if operation.body else ()))
    secrets = {parameter.python_name for parameter in described if parameter.secret}
    own = {field.name for field in attrs.fields(_Options)}
    flags = [
        _make_flag(
            argument,
            hints[name],
            name=_kebab(f"request_{name}" if name in own else name),
            is_secret=name in secrets,
        )
        for name, argument in inspect.signature(method).parameters.items()
        if name != "self"
    ]
    everywhere = Parameter(name="*", group=Group("Options of every command", sort_key=1))
    options = inspect.signature(command).parameters["options"]
    flags.append(options.replace(annotation=Annotated[_Options, everywhere]))
    command.__signature__ = inspect.Signature(flags)  # type: ignore[attr-defined]  # read by inspect, and by cyclopts
    command.__annotations__ = {flag.name: flag.annotation for flag in flags}
    command.__doc__ = method.__doc__
    listed = ", ".join(f"{name}{' (secret)' * secret}" for name, secret in fields.items())
    group.command(
        command,
        name=_kebab(operation.method_name),
        help_epilogue=f"{operation.id}: {operation.method} {operation.path}"
        + (f"\nFields of the result: {listed}." if listed else ""),
    )


def _make_flag(
    argument: inspect.Parameter, hint: Any, *, name: str, is_secret: bool
) -> inspect.Parameter:
    """Return a command's parameter for a method's argument; a secret one is read from a file."""
    is_union = get_origin(hint) in {Union, types.UnionType}
    parts = [part for part in (get_args(hint) if is_union else [hint]) if part is not Unset]
    plain = [_plain(part) for part in parts]
    flag = Parameter(json_list=False, show_default=bool(argument.default))
    if is_secret or argument.kind is argument.KEYWORD_ONLY:
        flag = Parameter.combine(flag, Parameter(name=f"--{name}{'-file' * is_secret}"))
    if argument.default is UNSET:  # Left out, it is not passed on; but cyclopts checks the type.
        argument = argument.replace(default=None)
        plain.append(types.NoneType)
    if is_secret:
        flag = _convert(flag, "FILE|-", lambda text: _read_secret(text).reveal())
    elif parts == [File]:
        flag = _convert(flag, "FILE|-", lambda text: File(BytesIO(_read(text))))
    elif None in plain:
        flag = _convert(flag, "JSON|@FILE|@-", lambda text: _load(text, parts))
    else:
        return argument.replace(annotation=Annotated[Union[tuple(plain)], flag])  # noqa: UP007 - made of a list
    return argument.replace(annotation=Annotated[Any, flag])


def _read_secret(source: str) -> Secret[str]:
    """Return what a file holds, white space around it apart; `-` is standard input."""
    text = Secret(_read(source).decode(errors="replace").strip())
    if not text.reveal():
        raise errors.ConfigurationError("The file with the secret is empty.")
    return text


def _read(source: str) -> bytes:
    try:
        if source != "-":
            return Path(source).read_bytes()
        if sys.stdin.isatty():
            return getpass.getpass("Value (it is not shown): ").encode()
        return sys.stdin.buffer.read()
    except OSError as error:
        # Its name is not shown: somebody may have passed the secret itself.
        raise errors.ConfigurationError(f"The file cannot be read: {error.strerror}.") from None


def _convert(flag: Parameter, metavar: str, convert: Callable[[str], Any]) -> Parameter:
    def converter(_type: Any, tokens: Sequence[Token]) -> Any:
        try:
            return convert(tokens[0].value)
        except ValueError as error:
            raise ValueError(f"{error}.") from None

    own = Parameter(converter=converter, metavar=metavar, n_tokens=1, allow_leading_hyphen=True)
    return Parameter.combine(flag, own)


def _plain(hint: Any) -> object:
    """Return the type of a flag's values, an enum as its values; None where JSON is needed."""
    if get_origin(hint) is list:
        item: Any = _plain(get_args(hint)[0])
        return item and (None if get_origin(item) is list else list.__class_getitem__(item))
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return Literal[tuple(member.value for member in hint)]
    return cast("Any", hint) if hint in _PLAIN or get_origin(hint) is Literal else None


def _load(text: str, types: Sequence[Any]) -> Any:
    """Return what a JSON text or a file of it says, as a model where one of the types is one."""
    value = json.loads(_read(text[1:]) if text.startswith("@") else text)
    models = [kind for kind in types if hasattr(kind, "from_dict")]
    return models[0].from_dict(value) if models else value
