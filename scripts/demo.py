"""Run every operation of the API, sync and async, and show what happened.

With nothing set, it starts the mock that the package carries on a free port of this machine
and talks to that. With PORTAL_BASE_URL and PORTAL_API_KEY set, it talks to that server, once
CONFIRM=1 says so, since each of the two rounds creates a client there.

Exit status: 0 when every step went as it should, 1 when one did not, and 2 when the settings
leave open which server is meant.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import textwrap
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, Final

import portal_v1
import portal_v1.mock
from _support import confirming

STEPS: Final[dict[str, Callable[[Any, str], Any]]] = {
    "get it": lambda clients, client_id: clients.get(client_id),
    "find it in the list": lambda clients, _: clients.list(),
    "refresh its session": lambda clients, client_id: clients.refresh_session(client_id),
    "generate its web OTP": lambda clients, client_id: clients.generate_web_otp(client_id),
}
"""What is done with a client that was created; the calls are the same, sync and async."""


class Round:
    """Prints the steps of one client."""

    def __init__(self, name: str) -> None:
        print(f"\n{name}")
        self._begun = time.perf_counter()

    def show(self, title: str, answer: Any, client_id: str = "") -> None:
        """Print a step, and how long it took since the one before; of a list, the client."""
        if isinstance(answer, list):
            found = [one for one in answer if one.id == client_id]
            if len(found) != 1:
                raise LookupError(
                    f"{client_id} is {len(found)} times among the {len(answer)} clients"
                )
            (answer,) = found
        print(f"  ok  {title:<30}  {(time.perf_counter() - self._begun) * 1000:8.1f} ms")
        indent = " " * 6
        print(textwrap.fill(repr(answer), 100, initial_indent=indent, subsequent_indent=indent))
        self._begun = time.perf_counter()


def run_sync(key: str, base_url: str) -> None:
    """Take every step through Portal."""
    steps = Round("Portal")
    portal: Any
    with portal_v1.Portal(key, base_url=base_url) as portal:
        created = portal.clients.create(is_account_abstracted=True)
        steps.show("create a client", created)
        for title, call in STEPS.items():
            steps.show(title, call(portal.clients, created.id), created.id)
        try:
            portal.with_options(api_key=confirming.UNKNOWN_KEY).clients.list()
        except portal_v1.AuthenticationError as error:
            steps.show("be refused with an unknown key", error)
        else:
            raise LookupError("the server answered an unknown key as if it knew it")


async def run_async(key: str, base_url: str) -> None:
    """Take every step through AsyncPortal."""
    steps = Round("AsyncPortal")
    portal: Any
    async with portal_v1.AsyncPortal(key, base_url=base_url) as portal:
        created = await portal.clients.create(is_account_abstracted=True)
        steps.show("create a client", created)
        for title, call in STEPS.items():
            steps.show(title, await call(portal.clients, created.id), created.id)


def run() -> None:
    """Run both rounds against the server that the environment names, or the embedded mock."""
    key, base_url = os.environ.get("PORTAL_API_KEY", ""), os.environ.get("PORTAL_BASE_URL", "")
    if bool(key) != bool(base_url):
        raise confirming.UndecidedError(
            "Only one of PORTAL_BASE_URL and PORTAL_API_KEY is set. Set both to run against that "
            "server, or unset both to run against the embedded mock."
        )
    address = confirming.address_without_credentials(base_url)
    if key and not confirming.is_confirmed(os.environ):
        raise confirming.UndecidedError(
            f"PORTAL_BASE_URL is set, so this would create two clients on {address}, with "
            "the key in PORTAL_API_KEY. No operation of this API deletes them.\n"
            "  To do that:              make demo CONFIRM=1\n"
            "  To use the mock instead: unset PORTAL_BASE_URL and PORTAL_API_KEY"
        )
    own_key = "a-key-that-only-the-embedded-mock-knows"
    with nullcontext() if key else portal_v1.mock.MockPortal(api_keys=[own_key]) as mock:
        if mock is None:
            print(f"Server: {address}, where two clients are created")
        else:
            key, base_url = own_key, mock.serve().url
            print(f"Server: the embedded mock on {base_url}")
        run_sync(key, base_url)
        asyncio.run(run_async(key, base_url))
    print("\nAll steps went as they should.")


def main() -> int:
    """Run for the command line, and return the exit status."""
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    confirming.print_whatever_the_terminal()
    try:
        run()
    except confirming.UndecidedError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 2
    except (LookupError, portal_v1.PortalError) as error:
        print(f"demo: failed: {error}", file=sys.stderr)
        return 1
    except (AttributeError, TypeError) as error:
        told = "It makes the five calls of V1: where openapi/ has others, edit scripts/demo.py."
        print(f"demo: failed: {error}. {told}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
