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
from contextlib import ExitStack
from typing import Any

import portal_v1
import portal_v1.mock
from _support import confirming


class StepError(Exception):
    """A step did not go as it should."""


class Round:
    """Prints the steps of one client."""

    def __init__(self, name: str) -> None:
        print(f"\n{name}")
        self._begun = time.perf_counter()

    def show(self, title: str, answer: object) -> None:
        """Print a step, and how long it took since the one before."""
        print(f"  ok  {title:<30}  {(time.perf_counter() - self._begun) * 1000:8.1f} ms")
        indent = " " * 6
        print(textwrap.fill(repr(answer), 100, initial_indent=indent, subsequent_indent=indent))
        self._begun = time.perf_counter()

    def show_in_list(self, client_id: str, answer: list[Any]) -> None:
        """Print the step that finds what was created among all clients."""
        found = [one for one in answer if one.id == client_id]
        if len(found) != 1:
            raise StepError(f"{client_id} is {len(found)} times among the {len(answer)} clients")
        self.show(f"find it in the list of {len(answer)}", found[0])


def run_sync(key: str, base_url: str) -> None:
    """Take every step through Portal."""
    steps = Round("Portal")
    portal: Any
    with portal_v1.Portal(key, base_url=base_url) as portal:
        created = portal.clients.create(is_account_abstracted=True)
        steps.show("create a client", created)
        steps.show("get it", portal.clients.get(created.id))
        steps.show_in_list(created.id, portal.clients.list())
        steps.show("refresh its session", portal.clients.refresh_session(created.id))
        steps.show("generate its web OTP", portal.clients.generate_web_otp(created.id))
        try:
            portal.with_options(api_key=confirming.UNKNOWN_KEY).clients.list()
        except portal_v1.AuthenticationError as error:
            steps.show("be refused with an unknown key", error)
        else:
            raise StepError("the server answered an unknown key as if it knew it")


async def run_async(key: str, base_url: str) -> None:
    """Take every step through AsyncPortal."""
    steps = Round("AsyncPortal")
    portal: Any
    async with portal_v1.AsyncPortal(key, base_url=base_url) as portal:
        created = await portal.clients.create(is_account_abstracted=True)
        steps.show("create a client", created)
        steps.show("get it", await portal.clients.get(created.id))
        steps.show_in_list(created.id, await portal.clients.list())
        steps.show("refresh its session", await portal.clients.refresh_session(created.id))
        steps.show("generate its web OTP", await portal.clients.generate_web_otp(created.id))


def run() -> None:
    """Run both rounds against the server that the environment names, or the embedded mock."""
    key, base_url = os.environ.get("PORTAL_API_KEY", ""), os.environ.get("PORTAL_BASE_URL", "")
    if bool(key) != bool(base_url):
        raise confirming.UndecidedError(
            "Only one of PORTAL_BASE_URL and PORTAL_API_KEY is set. Set both to run against that "
            "server, or unset both to run against the embedded mock."
        )
    with ExitStack() as stack:
        if key:
            address = confirming.address_without_credentials(base_url)
            if not confirming.is_confirmed(os.environ):
                raise confirming.UndecidedError(
                    f"PORTAL_BASE_URL is set, so this would create two clients on {address}, with "
                    "the key in PORTAL_API_KEY. No operation of this API deletes them.\n"
                    "  To do that:              make demo CONFIRM=1\n"
                    "  To use the mock instead: unset PORTAL_BASE_URL and PORTAL_API_KEY"
                )
            print(f"Server: {address}, where two clients are created")
        else:
            key = "a-key-that-only-the-embedded-mock-knows"
            mock = stack.enter_context(portal_v1.mock.MockPortal(api_keys=[key]))
            base_url = mock.serve().url
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
    except (AttributeError, TypeError) as error:
        told = "It makes the five calls of V1: where openapi/ has others, edit scripts/demo.py."
        print(f"demo: failed: {error}. {told}", file=sys.stderr)
        return 1
    except (StepError, portal_v1.PortalError) as error:
        print(f"demo: failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
