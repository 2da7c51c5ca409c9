"""Compare a server with the OpenAPI document. See --help, and scripts/verification/."""

from __future__ import annotations

import os
import sys

sys.dont_write_bytecode = True  # It says that it writes no file.

from _support.confirming import print_whatever_the_terminal  # noqa: E402 - after the line above

if __name__ == "__main__":
    try:
        from verification.cli import main
    except ImportError as error:
        if (error.name or "").startswith("verification"):
            raise
        print(f"verify-live: {error}. `make verify-live` sets up what it needs.", file=sys.stderr)
        sys.exit(2)
    print_whatever_the_terminal()
    sys.exit(main(environ=os.environ, stream=sys.stdout))
