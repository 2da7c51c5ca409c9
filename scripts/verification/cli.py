"""The command line of scripts/verify_live.py."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TextIO

import httpx
from _support.confirming import (
    UNKNOWN_KEY,
    UndecidedError,
    address_without_credentials,
    is_confirmed,
)
from _support.screen import Screen
from portal_v1 import ConfigurationError, Pace, Portal
from portal_v1._document import load_document
from portal_v1._service import SERVICE
from portal_v1.mock import DocumentError

from .calling import Caller, Recorder
from .judging import Judge
from .masks import Masks
from .operations import Reader
from .planning import planned
from .probing import probes
from .report import announce, conclude, show
from .running import Result, Run, StoppedError

AS_DOCUMENTED: Final = 0
DEVIATES: Final = 1
NOT_RUN: Final = 2
INTERRUPTED: Final = 130

_DESCRIPTION = f"""\
Compare a server with the OpenAPI document, field by field.

Every operation of the document is called once, through the generated client, in the order that
the document's links give; they also feed it. Each answer is compared as it came over the wire:
status, content type, what is missing, null, of another type, or not documented. Then it asks
what the reference leaves open: what an unknown id gets, and an unknown key. Nothing is written
to disk, and of secrets, headers and undocumented fields no value is shown.

In the environment:
  {SERVICE.key_variable}   the key; take one of the Development environment
  {SERVICE.url_variable}  the server, where it is not {SERVICE.base_url}
  CONFIRM=1        that the server may be used; without it, the run says what it would do
"""
_EPILOG = """\
Exit status: 0 when all is as documented, 1 when something is not, 2 when it could not be run: no
key, not confirmed, key refused, no server. make itself ends with 2 for either; run
scripts/verify_live.py where the difference counts. Options are passed on by make:
  make verify-live CONFIRM=1 ARGS="--skip-probes"
"""


@dataclass(frozen=True)
class _Settings:
    address: str
    timeout: float
    per_minute: int
    asks: bool
    key: str = field(repr=False)
    base_url: str = field(repr=False)


def main(
    arguments: Sequence[str] | None = None, *, environ: Mapping[str, str], stream: TextIO
) -> int:
    """Run for the command line.

    Args:
        arguments: The command line, without the program's name; sys.argv's unless given.
        environ: The environment.
        stream: Where the result goes; what keeps it from running goes to standard error.

    Returns:
        The exit status.
    """
    options = _parser().parse_args(arguments)
    try:
        settings = _settings(options, environ)
        return _verified(settings, Screen(stream, environ), confirmed=is_confirmed(environ))
    except (UndecidedError, ConfigurationError, DocumentError) as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        _fail("interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        return _fail("the output was closed, so the run ended early.")
    except Exception as error:  # No frames for a person, unless they are wanted.
        if options.traceback:
            raise
        # What its message holds is not known, so it is not shown.
        return _fail(f"failed: {type(error).__name__}. This is a defect here; see --traceback.")


def _settings(options: argparse.Namespace, environ: Mapping[str, str]) -> _Settings:
    key = environ.get(SERVICE.key_variable)
    if not key:
        raise UndecidedError(
            f"{SERVICE.key_variable} is not set. Put a key of the Development environment there; "
            "it is sent to the server, and shown nowhere."
        )
    base_url = environ.get(SERVICE.url_variable) or SERVICE.base_url or ""
    return _Settings(
        address=address_without_credentials(base_url, SERVICE.url_variable),
        timeout=options.timeout,
        per_minute=options.per_minute,
        asks=not options.skip_probes,
        key=key,
        base_url=base_url,
    )


def _verified(settings: _Settings, screen: Screen, *, confirmed: bool) -> int:
    reader = Reader(load_document())
    steps = planned(reader.operations())
    masks = Masks([settings.key])
    with _http_client() as http:
        portal = Portal(
            settings.key,
            base_url=settings.base_url,
            timeout=settings.timeout,
            max_attempts=1,
            pace=Pace(settings.per_minute),
            http_client=http,
        )
        caller = Caller(Recorder(http))
        questions = probes(steps, caller.needs_key) if settings.asks else ()
        announce(screen, settings.address, steps, questions, settings.per_minute)
        if not confirmed:
            return _fail("not confirmed, so nothing was sent. To do this: CONFIRM=1")
        stranger = portal.with_options(api_key=UNKNOWN_KEY)
        run = Run(portal, stranger, caller, Judge(reader.responses, masks))
        results: list[Result] = []
        stopped = ""
        code: int | None = None
        screen.line()
        try:
            for each in (run.operations(steps), run.questions(questions)):
                _collect(each, results, screen)
        except StoppedError as error:
            stopped = str(error)
        except KeyboardInterrupt:
            stopped = "interrupted. What was under way may have been carried out all the same."
            code = INTERRUPTED
        except Exception:
            show(screen, results, masks)
            raise
    show(screen, results, masks)
    conclude(screen, steps, results, masks)
    if stopped:
        _fail(stopped)
    return _code(results, stopped=bool(stopped)) if code is None else code


def _collect(each: Iterable[Result], results: list[Result], screen: Screen) -> None:
    for result in each:
        results.append(result)
        exchange = result.exchange
        if exchange is not None:
            outcome = "no answer" if exchange.status is None else str(exchange.status)
            screen.line(
                f"  {result.operation.id}: {outcome} in {exchange.seconds * 1000:.0f} ms", style="2"
            )


def _code(results: Sequence[Result], *, stopped: bool) -> int:
    answered = [one for one in results if one.exchange is not None and one.exchange.status]
    if not answered or (stopped and not any(one.succeeded for one in results)):
        return NOT_RUN
    return DEVIATES if stopped or any(one.differs for one in results) else AS_DOCUMENTED


def _http_client() -> httpx.Client:
    try:
        return httpx.Client()
    except Exception as error:  # noqa: BLE001 - its message may show a proxy's password
        problem = type(error).__name__
    raise UndecidedError(
        f"What the environment says of proxies or certificates cannot be used ({problem}). Check "
        "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR."
    )


def _fail(message: str) -> int:
    print(f"verify-live: {message}", file=sys.stderr)
    return NOT_RUN


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="verify_live.py",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--skip-probes",
        action="store_true",
        help="do not ask what the reference leaves open",
    )
    parser.add_argument(
        "--timeout",
        type=float,
        default=30.0,
        metavar="SECONDS",
        help="what one call may take (default: 30)",
    )
    parser.add_argument(
        "--per-minute",
        type=int,
        default=200,
        metavar="N",
        help="requests a minute at the most, all of them together (default: 200)",
    )
    parser.add_argument(
        "--traceback", action="store_true", help="show where in the code a defect of this is"
    )
    return parser
