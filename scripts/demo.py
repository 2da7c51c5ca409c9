"""Run every operation of the API, sync and async, and show what happened.

With nothing set, it starts the mock that the package carries on a free port of this machine
and talks to that. With PORTAL_BASE_URL and PORTAL_API_KEY set, it talks to that server, once
CONFIRM=1 says so, since each of the two rounds creates a client there.

Exit status: 0 when every step went as it should, 1 when one did not, and 2 when the settings
leave open which server is meant.
"""

from __future__ import annotations

import asyncio
import os
import sys
import textwrap
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import portal_v1
import portal_v1.mock
from _support.terminal import make_parser, run_script


def take_steps(name: str, portal: Any, wait: Callable[[Any], Any]) -> None:
    """Create a client and make every call for it; `wait` turns what a call gives into its result.

    Raises:
        LookupError: The client is not in the list, or an unknown key was answered.
    """
    print(f"\n{name}")

    def show(title: str, answer: Any) -> None:
        print(f"  ok  {title}")
        print(textwrap.indent(textwrap.fill(repr(answer), 94), " " * 6))

    clients = portal.clients
    created = wait(clients.create(is_account_abstracted=True))
    show("create a client", created)
    show("get it", wait(clients.get(created.id)))
    listed = wait(clients.list())
    found = [one for one in listed if one.id == created.id]
    if len(found) != 1:
        raise LookupError(f"{created.id} is {len(found)} times among the {len(listed)} clients")
    show("find it in the list", found[0])
    show("refresh its session", wait(clients.refresh_session(created.id)))
    show("generate its web OTP", wait(clients.generate_web_otp(created.id)))
    try:
        wait(portal.with_options(api_key="a-key-that-no-server-knows").clients.list())
    except portal_v1.AuthenticationError as error:
        show("be refused with an unknown key", error)
    else:
        raise LookupError("the server answered an unknown key as if it knew it")


def run() -> None:
    """Run both rounds against the server that the environment names, or the embedded mock.

    Raises:
        ConfigurationError: The settings leave open which server is meant.
    """
    key, base_url = os.environ.get("PORTAL_API_KEY", ""), os.environ.get("PORTAL_BASE_URL", "")
    if bool(key) != bool(base_url):
        raise portal_v1.ConfigurationError(
            "Only one of PORTAL_BASE_URL and PORTAL_API_KEY is set. Set both to run against that "
            "server, or unset both to run against the embedded mock."
        )
    if key:
        portal_v1.Portal()  # It refuses a URL that holds a password.
    if key and os.environ.get("CONFIRM") != "1":
        raise portal_v1.ConfigurationError(
            f"PORTAL_BASE_URL is set, so this would create two clients on {base_url}, with "
            "the key in PORTAL_API_KEY. No operation of this API deletes them.\n"
            "  To do that:              make demo CONFIRM=1\n"
            "  To use the mock instead: unset PORTAL_BASE_URL and PORTAL_API_KEY"
        )
    own_key = "a-key-that-only-the-embedded-mock-knows"
    with nullcontext() if key else portal_v1.mock.MockPortal(api_keys=[own_key]) as mock:
        if mock is None:
            print(f"Server: {base_url}, where two clients are created")
        else:
            key, base_url = own_key, mock.serve().url
            print(f"Server: the embedded mock on {base_url}")
        with portal_v1.Portal(key, base_url=base_url) as portal:
            take_steps("Portal", portal, lambda answer: answer)
        with asyncio.Runner() as runner:
            async_portal = portal_v1.AsyncPortal(key, base_url=base_url)
            take_steps("AsyncPortal", async_portal, runner.run)
            runner.run(async_portal.aclose())
    print("\nAll steps went as they should.")


def main() -> int:
    """Run for the command line, and return the exit status."""
    make_parser(__doc__).parse_args()
    try:
        run()
    except portal_v1.ConfigurationError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 2
    except (AttributeError, TypeError) as error:
        told = "It makes the five calls of V1: where openapi/ has others, edit scripts/demo.py."
        print(f"demo: failed: {error}. {told}", file=sys.stderr)
        return 1
    except (LookupError, portal_v1.PortalError) as error:
        print(f"demo: failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(run_script(main))
