"""The command line of scripts/contract.py."""

from __future__ import annotations

import argparse
import importlib
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from generation.document import load_document
from generation.errors import GenerationError
from generation.validation import check_document

from . import target as targets
from .console import Console
from .errors import CannotRunError
from .findings import Order
from .reports import check_folder, write_reports
from .running import run
from .target import Target

_DESCRIPTION = """\
Contract tests: schemathesis makes the cases, the generated client sends them, first the sync
one and then the async one. Each raw answer is held against the document, each value that the
client returns against the raw answer, each request against the case. Without --url or --prism
the server is the mock that the package carries. What a typed client cannot express is sent as
it is, and counted.

The exit status is 0 when nothing was found, 1 when something was, and 2 when the run could not
be carried out."""
DEFAULT_SEED = 20261124
DEFAULT_EXAMPLES = 200


def main(root: Path, arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for.

    Args:
        root: The repository.
        arguments: The command line; by default this process's.

    Returns:
        The exit status.
    """
    options = _parser(root).parse_args(arguments)
    try:
        return _run(options)
    except (CannotRunError, GenerationError) as error:
        print(f"contract: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ncontract: stopped.", file=sys.stderr)
        return 2


def _run(options: argparse.Namespace) -> int:
    document = load_document(options.spec)
    check_document(document)
    package = _package(options.package)
    check_folder(options.reports)
    with _target(options, package) as target:
        console = Console(sys.stdout)
        console.announce(target.name, document.source, options.seed, options.examples)
        result = run(
            package,
            document.data,
            target,
            Order(document.source, options.seed, options.examples),
            progress=console.phase,
        )
    console.tell(result)
    written = write_reports(result, options.reports)
    console.where(written)
    return 1 if result.findings else 0


def _package(folder: Path) -> ModuleType:
    sys.path.insert(0, str(folder.resolve().parent))
    try:
        package = importlib.import_module(folder.name)
        for part in ("api", "client", "mock", "resources", "testing"):
            importlib.import_module(f"{folder.name}.{part}")
    except (ImportError, SyntaxError) as problem:
        raise CannotRunError(
            f"{folder} is no generated package: {problem}. Run `make generate` first."
        ) from None
    if Path(str(package.__file__)).resolve().parent != folder.resolve():
        raise CannotRunError(
            f"{folder} cannot be imported: Python has another {folder.name} already, "
            f"{package.__file__}. Generate it under another name."
        )
    return package


@contextmanager
def _target(options: argparse.Namespace, package: ModuleType) -> Iterator[Target]:
    if options.url:
        key = os.environ.get(f"{package.client.SERVICE.environment}_API_KEY", "any-key")
        yield targets.given(options.url, key)
    elif options.prism:
        npx = shutil.which("npx")
        if npx is None:
            raise CannotRunError("Prism needs Node.js, and npx was not found.")
        with targets.prism(load_document(options.spec).data, npx) as target:
            yield target
    else:
        own = importlib.import_module(f"{package.__name__}._document").load_document()
        with targets.embedded(package, own, options.seed) as target:
            yield target


def _parser(root: Path) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="contract", description=_DESCRIPTION, formatter_class=argparse.RawTextHelpFormatter
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--url", help="a server that runs already; its key is taken from the environment"
    )
    where.add_argument("--prism", action="store_true", help="Prism, by npx, as the server")
    parser.add_argument("--spec", type=Path, default=root / "openapi" / "portal-v1.yaml")
    parser.add_argument("--package", type=Path, default=root / "generated" / "portal_v1")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="what chance follows from")
    parser.add_argument(
        "--examples",
        type=_count,
        default=DEFAULT_EXAMPLES,
        help="cases an operation in the fuzzing phase, at the most; other phases follow",
    )
    parser.add_argument(
        "--reports",
        type=Path,
        default=root / "reports" / "contract",
        help="where junit.xml and summary.md go",
    )
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1")
    return int(text)
