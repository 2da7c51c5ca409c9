# Edited in overrides/package/mock/__main__.py, from where `make generate` copies it.
"""`python -m <package>.mock`: the mock over TCP."""

from __future__ import annotations

import sys

from ._cli import main

if __name__ == "__main__":
    sys.exit(main())
