"""The steps of a generation, in their order."""

from __future__ import annotations

import keyword
import sys
import tempfile
import traceback
from dataclasses import dataclass
from pathlib import Path

import griffe
from openapi_python_client.config import Config

from .comparison import compare_folders
from .configuration import load_configuration
from .document import Document, load_document, shown
from .errors import GenerationError
from .extras import set_modes, write_extras
from .formatting import format_package
from .house_rules import check_house_rules
from .importing import check_imports
from .limits import check_limits
from .project import render
from .surface import read_surface
from .surface_diff import compare_surfaces, count_surface
from .upstream import GENERATOR, accept_upstream, check_upstream
from .validation import check_document
from .workspace import Workspace

# What the package itself imports: a package of the same name would import itself instead.
_NEEDED = {"attr", "attrs", "h11", "httpx", "httpx2", "jsonschema_rs", "pytest"}


@dataclass(frozen=True)
class House:
    """Where a repository of this kind keeps what a generation needs."""

    root: Path

    @property
    def spec(self) -> Path:
        """The OpenAPI document that is generated from unless another is named."""
        return self.root / "openapi" / "portal-v1.yaml"

    @property
    def output(self) -> Path:
        """The folder that holds the package unless another is named."""
        return self.root / "generated"

    @property
    def templates(self) -> Path:
        """Our Jinja templates, over the generator's own."""
        return self.root / "overrides" / "templates"

    @property
    def package(self) -> Path:
        """The modules that go into the package as they are."""
        return self.root / "overrides" / "package"

    @property
    def configuration(self) -> Path:
        """The generator's configuration."""
        return self.root / "overrides" / "generator.yaml"

    @property
    def upstream(self) -> Path:
        """The digests of the generator's templates that ours replace."""
        return self.root / "overrides" / "upstream.json"

    def name_document(self, spec: Path) -> str:
        """Return what to call a document in the package, the same on every machine."""
        spec = spec.resolve()
        return str(spec.relative_to(self.root)) if spec.is_relative_to(self.root) else spec.name

    def check_folders(self) -> None:
        """Raise GenerationError where templates or package are missing or hold nothing."""
        for folder, pattern in ((self.templates, "*.jinja"), (self.package, "*.py")):
            if not folder.is_dir():
                raise GenerationError(
                    f"{shown(folder)}: this folder is missing; without it, the result would be "
                    "another client."
                )
            if next(folder.rglob(pattern), None) is None:
                raise GenerationError(f"{shown(folder)}: there is no {pattern} file in it.")


@dataclass(frozen=True)
class Order:
    """What is to be generated.

    Attributes:
        spec: The OpenAPI document.
        output: The folder that holds, or will hold, the package.
        package: The package's name.
        house_rules: Whether the document must keep the rules of the house.
    """

    spec: Path
    output: Path
    package: str
    house_rules: bool = True


def generate(house: House, order: Order) -> list[str]:
    """Make the package and put it in its place; return what to tell, a line each.

    Raises:
        GenerationError: Something is to be mended first; the output is as it was.
    """
    document = _checked(house, order)
    with Workspace(order.output, order.package) as workspace:
        notes = _build(house, order, document, workspace.staged)
        notes += _changes(workspace.current, workspace.staged)
        workspace.swap()
    return notes


def check(house: House, order: Order) -> list[str]:
    """Make the package elsewhere and compare; return what to tell, a line each.

    Raises:
        GenerationError: Something is to be mended, or the output is not what would be made now.
    """
    document = _checked(house, order)
    current = order.output / order.package
    with tempfile.TemporaryDirectory(prefix="generate-") as folder:
        staged = Path(folder) / order.package
        notes = _build(house, order, document, staged)
        if not current.is_dir():
            raise GenerationError(f"{shown(current)} is missing; run `make generate`.")
        differences = compare_folders(staged, current)
    if differences:
        raise GenerationError(
            f"{shown(current)} is not what would be generated now; run `make generate`, and "
            "never edit what it makes.",
            differences,
        )
    return [*notes, f"{shown(current)} is what is generated from {document.source}."]


def accept(house: House) -> list[str]:
    """Record the generator's templates that ours replace, as they are now."""
    house.check_folders()
    changes = accept_upstream(house.templates, house.upstream)
    return [f"{shown(house.upstream)}: {len(changes)} changed.", *(f"  {line}" for line in changes)]


def _checked(house: House, order: Order) -> Document:
    _check_name(order.package)
    house.check_folders()
    document = load_document(order.spec)
    check_document(document)
    check_limits(document)
    if order.house_rules:
        check_house_rules(document)
    check_upstream(house.templates, house.upstream)
    return document


def _check_name(package: str) -> None:
    if not package.isidentifier() or not package.isascii() or keyword.iskeyword(package):
        raise GenerationError(f"--package {package!r}: a package needs a Python identifier's name.")
    if package in sys.stdlib_module_names or package in _NEEDED:
        raise GenerationError(
            f"--package {package!r}: a module of this name is needed as it is; choose another."
        )


def _build(house: House, order: Order, document: Document, staged: Path) -> list[str]:
    config = load_configuration(
        house.configuration, package=order.package, spec=order.spec, destination=staged
    )
    _render(house, order, document, config, staged)
    write_extras(
        staged,
        document.data,
        name=order.package,
        package_version=config.package_version_override or document.data["info"]["version"],
    )
    format_package(staged)
    skipped = check_imports(staged)
    set_modes(staged)
    if skipped:
        return [f"Not tried, as what they need is not installed: {', '.join(skipped)}."]
    return []


def _render(house: House, order: Order, document: Document, config: Config, staged: Path) -> None:
    try:
        render(
            document.copy(),
            source=house.name_document(order.spec),
            config=config,
            templates=house.templates,
            package=house.package,
            destination=staged,
        )
    except GenerationError:
        raise
    except Exception as error:
        raise _blamed(error) from error


def _blamed(error: Exception) -> Exception:
    """Return what to say where a template or the generator itself fails over the document.

    What either calls may raise anything. Where neither is at fault, it is a bug of ours, and stays.
    """
    frames = traceback.extract_tb(error.__traceback__)
    told = f"{type(error).__name__}: {error}"
    for frame in reversed(frames):
        if frame.filename.endswith(".jinja"):
            return GenerationError(f"{shown(Path(frame.filename))}, line {frame.lineno}: {told}")
    if any("openapi_python_client" in Path(frame.filename).parts for frame in frames):
        return GenerationError(f"{GENERATOR} fails over this document.", [told])
    return error


def _changes(current: Path, staged: Path) -> list[str]:
    new = read_surface(staged)
    if not current.is_dir() or not any(current.iterdir()):
        return [f"{staged.name} is new: {count_surface(new)}."]
    try:
        old = read_surface(current)
    except (griffe.GriffeError, ImportError, OSError, SyntaxError, ValueError) as error:
        return [f"The former {current.name} cannot be read, so there is no comparison: {error}"]
    lines = compare_surfaces(old, new, staged.name)
    return lines or [f"{staged.name}: no change on the Python surface."]
