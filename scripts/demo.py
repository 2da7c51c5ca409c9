"""Runs every operation of the API, sync and async, and shows what happened.

With nothing set, it starts the mock that the package carries on a free port of this machine
and talks to that. With PORTAL_BASE_URL and PORTAL_API_KEY set, it talks to that server, once
CONFIRM=1 says so, since each of the two rounds creates a client there.

The exit status is 0 when every step went as it should, 1 when one did not, and 2 when the
settings leave open which server is meant.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import textwrap
import time
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TextIO, TypeAlias, cast

from _support.confirming import (
    UNKNOWN_KEY,
    UndecidedError,
    address_without_credentials,
    is_confirmed,
    print_whatever_the_terminal,
)
from _support.screen import Screen

try:
    from portal_v1 import AsyncPortal, AuthenticationError, Portal, PortalError
    from portal_v1.mock import MockPortal
except ImportError as missing:
    sys.exit(f"demo: {missing}. `make demo` runs it where everything is installed.")

EitherPortal: TypeAlias = Portal | AsyncPortal

MOCK_KEY = "a-key-that-only-the-embedded-mock-knows"


class StepError(Exception):
    """A step did not go as it should."""


@dataclass(frozen=True, slots=True)
class Step:
    """One call, the same for both clients.

    Attributes:
        title: What the step does, as it is printed.
        call: Given a client and the id of what this round created (empty until then),
            returns the answer, or from an async client what has to be awaited for it.
        refused: Whether it is sent with an unknown key, and so has to be refused.
    """

    title: str
    call: Callable[[EitherPortal, str], object]
    refused: bool = False


STEPS = (
    Step("create a client", lambda portal, _: portal.clients.create(is_account_abstracted=True)),
    Step("get it", lambda portal, client_id: portal.clients.get(client_id)),
    Step("find it in the list", lambda portal, _: portal.clients.list()),
    Step(
        "refresh its session", lambda portal, client_id: portal.clients.refresh_session(client_id)
    ),
    Step(
        "generate its web one-time password",
        lambda portal, client_id: portal.clients.generate_web_otp(client_id),
    ),
    Step("be refused with an unknown key", lambda portal, _: portal.clients.list(), refused=True),
)


@dataclass(frozen=True, slots=True)
class Server:
    """A server to talk to, and how it is named to a person."""

    name: str
    base_url: str
    api_key: str = field(repr=False)


class StepScreen(Screen):
    """Prints the steps, their columns aligned."""

    def step(self, title: str, seconds: float, outcome: str) -> None:
        """Print a step that went as it should."""
        mark = self.styled("ok", "32")
        width = max(len(step.title) for step in STEPS)
        self.line(f"  {mark}  {title:<{width}}  {seconds * 1000:8.1f} ms")
        for line in textwrap.wrap(outcome, max(40, self.width - 6), break_on_hyphens=False):
            self.line(f"      {line}", style="2")


@dataclass(slots=True)
class Answer:
    """Where a driver puts what a call gave it."""

    value: Any = None


class Round:
    """One client's way through the steps: times them, judges them, prints them."""

    def __init__(self, screen: StepScreen) -> None:
        self.client_id = ""
        self._screen = screen

    @contextmanager
    def taking(self, step: Step) -> Generator[Answer]:
        """Around the call of one step; what is raised within is judged too."""
        answer = Answer()
        refusal: PortalError | None = None
        begun = time.perf_counter()
        try:
            yield answer
        except PortalError as error:
            if not (step.refused and isinstance(error, AuthenticationError)):
                raise StepError(f"could not {step.title}: {error}") from error
            refusal = error
        seconds = time.perf_counter() - begun
        if refusal is not None:
            outcome = f"{type(refusal).__name__}: {refusal}"
        elif step.refused:
            raise StepError(f"could not {step.title}: the server answered as if it knew the key")
        else:
            outcome = self._judge(step, answer.value)
        self._screen.step(step.title, seconds, outcome)

    def _judge(self, step: Step, value: Any) -> str:
        """Returns what to show of an answer that is about the client of this round."""
        if isinstance(value, list):
            ours = [item for item in value if item.id == self.client_id]
            if len(ours) != 1:
                raise StepError(
                    f"could not {step.title}: {self.client_id!r} is {len(ours)} times "
                    f"among the {len(value)} clients of the answer"
                )
            return f"{len(value)} in all, among them {ours[0]!r}"
        self.client_id = self.client_id or value.id
        if value.id != self.client_id:
            raise StepError(
                f"could not {step.title}: the answer is about {value.id!r}, not {self.client_id!r}"
            )
        return repr(value)


def walk_sync(server: Server, screen: StepScreen) -> None:
    """Takes every step through Portal."""
    now = Round(screen)
    with (
        Portal(server.api_key, base_url=server.base_url) as known,
        Portal(UNKNOWN_KEY, base_url=server.base_url) as unknown,
    ):
        for step in STEPS:
            with now.taking(step) as answer:
                answer.value = step.call(unknown if step.refused else known, now.client_id)


async def walk_async(server: Server, screen: StepScreen) -> None:
    """Takes every step through AsyncPortal."""
    now = Round(screen)
    async with (
        AsyncPortal(server.api_key, base_url=server.base_url) as known,
        AsyncPortal(UNKNOWN_KEY, base_url=server.base_url) as unknown,
    ):
        for step in STEPS:
            with now.taking(step) as answer:
                called = step.call(unknown if step.refused else known, now.client_id)
                answer.value = await cast("Awaitable[object]", called)


@contextmanager
def chosen_server(environ: Mapping[str, str]) -> Generator[Server]:
    """The server that the environment names, or the embedded mock for as long as it is used."""
    base_url, api_key = environ.get("PORTAL_BASE_URL"), environ.get("PORTAL_API_KEY")
    if base_url and api_key:
        name = address_without_credentials(base_url)
        if not is_confirmed(environ):
            raise UndecidedError(
                f"PORTAL_BASE_URL is set, so this would create two clients on {name}, with the "
                "key in PORTAL_API_KEY. No operation of this API deletes them. It would also "
                "list all clients there, refresh the session of the two, generate a web "
                "one-time password for each, and send an unknown key twice.\n"
                "  To do that:              make demo CONFIRM=1\n"
                "  To use the mock instead: unset PORTAL_BASE_URL and PORTAL_API_KEY"
            )
        yield Server(f"{name}, where two clients are created", base_url, api_key)
    elif base_url or api_key:
        there, missing = (
            ("PORTAL_BASE_URL", "PORTAL_API_KEY")
            if base_url
            else ("PORTAL_API_KEY", "PORTAL_BASE_URL")
        )
        raise UndecidedError(
            f"{there} is set and {missing} is not. Set both to run against that server, "
            "or unset both to run against the embedded mock."
        )
    else:
        with MockPortal(api_keys=[MOCK_KEY]) as mock, mock.serve() as running:
            yield Server(f"the embedded mock on {running.url}", running.url, MOCK_KEY)


def run(environ: Mapping[str, str], stream: TextIO) -> None:
    """Runs the demo.

    Raises:
        UndecidedError: The settings leave open which server is meant.
        StepError: A step did not go as it should.
        PortalError: A client could not be made with the settings.
    """
    screen = StepScreen(stream, environ)
    with chosen_server(environ) as server:
        screen.line(f"Server: {server.name}")
        screen.line()
        screen.line("Portal", style="1")
        walk_sync(server, screen)
        screen.line()
        screen.line("AsyncPortal", style="1")
        asyncio.run(walk_async(server, screen))
        screen.line()
        screen.line(f"All {2 * len(STEPS)} steps went as they should.", style="32")


def main() -> int:
    """Runs the demo for the command line and returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--traceback", action="store_true", help="show where in the code a failure came from"
    )
    arguments = parser.parse_args()
    print_whatever_the_terminal()
    try:
        run(os.environ, sys.stdout)
    except UndecidedError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("demo: interrupted.", file=sys.stderr)
        return 130
    except Exception as error:
        if arguments.traceback:
            raise
        expected = isinstance(error, StepError | PortalError | OSError)
        what = str(error) if expected else f"{type(error).__name__}: {error}"
        print(f"demo: failed: {what}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
