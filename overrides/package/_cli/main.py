"""The program: its commands, what it says where one fails, and its exit codes."""

from __future__ import annotations

import inspect
import os
import re
import sys
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args, get_type_hints

from attrs import fields, frozen
from cyclopts import App, CycloptsError, Group, Parameter
from cyclopts.exceptions import UnusedCliTokensError

from .. import errors
from .._core.operation import Operation
from .._service import SERVICE
from .._version import __version__
from ..api import OPERATIONS
from ..types import UNSET, File, Unset
from .flags import make_flags, read_secret
from .output import Format, column_names, open_output, to_json, write_one, write_rows

_FAILURES: Final = (
    (errors.InvalidRequestError, 2, "the command or a value in it cannot be used; nothing was sent"),
    (errors.ConfigurationError, 3, "the key or the base URL is missing or cannot be used"),
    (errors.AuthenticationError, 4, "the server does not accept the key (401)"),
    (errors.PermissionDeniedError, 4, "the key is not allowed to do this (403)"),
    (errors.RateLimitError, 5, "too many requests were sent (429)"),
    (errors.ServerError, 6, "the server failed (5xx)"),
    (errors.APIStatusError, 7, "the server refused the request (400, 404, 409, ...)"),
    (errors.APIConnectionError, 8, "no answer came, or not in time"),
    (errors.InvalidResponseError, 9, "the answer is not the documented one"),
)
_OTHERS: Final = (
    (0, "success"),
    (1, "the output could not be written, or another failure"),
    *((code, meaning) for _, code, meaning in _FAILURES),
    (130, "interrupted with Ctrl-C"),
    (141, "the reader of the output closed the pipe"),
)
_NO_KEY_IN_ARGUMENTS: Final = (
    f"A key is never taken from an argument, which others can see. Set {SERVICE.key_variable}, or "
    "use --api-key-file FILE; with - as the file it is read from standard input."
)
_EVERYWHERE: Final = Group("Options of every command", sort_key=1)


@frozen
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
            help=f"Read the API key from a file, - for standard input, not {SERVICE.key_variable}.",
        ),
    ] = None
    base_url: Annotated[
        str | None,
        Parameter(metavar="URL", help=f"Where the API is, in place of {SERVICE.url_variable}."),
    ] = None


def run(client_class: Any, arguments: list[str] | None = None) -> int:
    """Run the command that the arguments name, and return the exit code.

    Args:
        client_class: The package's client.
        arguments: The command line without the program's name; by default the process's own.
    """
    for stream in (sys.stdout, sys.stderr):
        # What an encoding lacks is escaped; reading a list begins before all of it is there.
        stream.reconfigure(errors="backslashreplace", line_buffering=True)  # type: ignore[union-attr]
    try:
        code = _run(_make_app(client_class), sys.argv[1:] if arguments is None else arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        return _fail(f"The output cannot be written: {error.strerror}.", 1)
    except KeyboardInterrupt:
        return _fail("Interrupted. What was sent may have been done.", 130)
    return code


def _run(app: App, arguments: list[str]) -> int:
    names = {argument.partition("=")[0] for argument in arguments}
    if names & {"--api-key", "--key", "--token"}:
        return _fail(_NO_KEY_IN_ARGUMENTS, 2)
    try:
        return app(
            arguments, print_error=False, exit_on_error=False, result_action="return_value"
        ) or 0
    except UnusedCliTokensError as error:
        # One of them may be a secret.
        return _fail(f"{len(error.unused_tokens or ())} arguments too many. Try --help.", 2)
    except CycloptsError as error:
        return _fail(f"{error} Try --help.", 2)
    except Exception as error:
        for kind, code, _ in _FAILURES:
            if isinstance(error, kind):
                return _fail(_in_flags(str(error)), code)
        raise


def _fail(sentence: str, code: int) -> int:
    sys.stderr.write(f"error: {sentence}\n")
    return code


def _in_flags(message: str) -> str:
    """Return a message of the package with flags in place of Python's arguments."""
    message = re.sub(r"\b(pass )?api_key=", r"\1--api-key-file", message, flags=re.IGNORECASE)
    message = re.sub(
        r"\b(base_url|timeout|max_attempts)\b=?", lambda m: "--" + m[1].replace("_", "-"), message
    )
    return message.replace(": pace= keeps a client to a rate", "")


def _program() -> str:
    name = Path(sys.argv[0]).name
    return f"python -m {__package__.rpartition('.')[0]}" if name == "__main__.py" else name


def _make_app(client_class: Any) -> App:
    program = _program()
    codes = "\n".join(f"  {code:<4} {meaning}" for code, meaning in _OTHERS)
    app = App(
        name=program,
        help=sys.modules[client_class.__module__.rpartition(".")[0]].__doc__,
        version=__version__,
        help_format="plaintext",
        help_formatter="default" if sys.stdout.isatty() else "plain",
        help_epilogue=f"Exit codes:\n{codes}",
        suppress_keyboard_interrupt=False,
    )
    app.command(_completion(app, program), name="--completion")
    for operation in OPERATIONS.values():
        name = operation.resource.replace("_", "-")
        if name not in app:
            described = getattr(client_class, operation.resource).__doc__
            app.command(App(name=name, help=described, help_epilogue=""))
        _add_command(app[name], operation, client_class)
    return app


def _add_command(group: App, operation: Operation[Any], client_class: Any) -> None:
    resource = get_type_hints(getattr(client_class, operation.resource).fget)["return"]
    method = getattr(resource, operation.iterator_name or operation.method_name)
    hints = get_type_hints(method)
    result = get_args(hints["return"])[0] if operation.iterator_name else hints["return"]
    columns = column_names(result)

    def command(*arguments: Any, options: _Options, **named: Any) -> None:
        with ExitStack() as stack:
            client = stack.enter_context(_open_client(client_class, options))
            bound = getattr(getattr(client, operation.resource), method.__name__)
            answer = _call(bound, arguments, named, show_body=options.show_secrets)
            if isinstance(answer, File):
                sys.stdout.buffer.write(answer.payload.read())
                return
            is_list = operation.iterator_name is not None
            emit, count = stack.enter_context(open_output(progress=is_list))
            if is_list:
                items = stack.enter_context(closing(answer))
                rows = (to_json(i, show_secrets=options.show_secrets) for i in count(items))
                write_rows(rows, columns, options.output, emit)
            else:
                value = to_json(answer, show_secrets=options.show_secrets)
                write_one(value, columns, options.output, emit)

    own = frozenset(field.name.replace("_", "-") for field in fields(_Options))
    flags = make_flags(operation, inspect.signature(method), hints, own)
    options = inspect.Parameter(
        "options",
        inspect.Parameter.KEYWORD_ONLY,
        default=_Options(),
        annotation=Annotated[_Options, Parameter(name="*", group=_EVERYWHERE)],
    )
    command.__signature__ = inspect.Signature([*flags, options])  # type: ignore[attr-defined]
    command.__doc__ = method.__doc__
    shown = ", ".join(
        f"{name} (secret)" if secret else name for name, secret in (columns or {}).items()
    )
    group.command(
        command,
        name=operation.method_name.strip("_").replace("_", "-"),
        help_epilogue=f"{operation.id}: {operation.method} {operation.path}"
        + (f"\nFields of the result: {shown}." if shown else ""),
    )


def _call(method: Any, arguments: Any, named: Any, *, show_body: bool) -> Any:
    try:
        return method(*arguments, **named)
    except errors.InvalidResponseError as error:
        if show_body and error.body:
            sys.stderr.write(f"{error.body.decode(errors='backslashreplace')}\n")
        raise


def _open_client(client_class: Any, options: _Options) -> Any:
    if options.api_key_file is None:
        return client_class(base_url=options.base_url)
    try:
        key = read_secret(options.api_key_file)
    except ValueError as error:
        raise errors.ConfigurationError(f"--api-key-file: {error}") from None
    return client_class(key.reveal(), base_url=options.base_url)


def _completion(app: App, program: str) -> Any:
    def completion(shell: Literal["bash", "zsh", "fish", "powershell"], /) -> int:
        """Print a script that completes commands and flags in a shell.

        Args:
            shell: The shell.
        """
        if " " in program:
            return _fail("A shell completes installed programs only, not python -m.", 2)
        sys.stdout.write(app.generate_completion(prog_name=program, shell=shell))
        return 0

    return completion
