"""Prove the contract tests: plant known defects, show which check caught each."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

if __name__ == "__main__":
    try:
        from conformance.mutation import main
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("conformance"):
            raise
        sys.exit(f"contract_mutants: {error.name} is not installed; use `make contract-mutants`.")
    sys.exit(main(root=ROOT))
