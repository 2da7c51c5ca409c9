"""The steps of a generation, in their order."""

from __future__ import annotations

import hashlib
import json
import keyword
import shutil
import sys
import tempfile
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from .copying import copy_package, is_copied
from .errors import GenerationError, display_path
from .formatting import format_package
from .importing import check_imports
from .metadata import GENERATOR, set_modes, write_metadata
from .workspace import compare_folders, staging, swap

# What the package itself imports: a package of the same name would import itself instead.
_NEEDED = {"attr", "attrs", "h11", "httpx", "httpx2", "jsonschema_rs", "pytest"}


class Layout:
    """Where a repository of this kind keeps what a generation needs.

    Attributes:
        root: The repository.
        spec: The OpenAPI document that is generated from unless another is named.
        output: The folder that holds the package unless another is named.
        templates: Our Jinja templates, over the generator's own.
        package: The modules that go into the package as they are.
        configuration: The generator's configuration.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.spec = root / "openapi" / "portal-v1.yaml"
        self.output = root / "generated"
        self.templates = root / "overrides" / "templates"
        self.package = root / "overrides" / "package"
        self.configuration = root / "overrides" / "generator.yaml"

    def record(self, job: Job) -> Path:
        """Return the file that says what a package was rendered from. It is not committed.

        Where that is as it was, the modules of overrides/package are all that has to be renewed.
        """
        name = hashlib.sha256(str(job.current).encode()).hexdigest()[:16]
        return self.root / "build" / "rendered" / f"{name}.json"

    def name_document(self, spec: Path) -> str:
        """Return what to call a document in the package, the same on every machine."""
        spec, root = spec.resolve(), self.root.resolve()
        return spec.relative_to(root).as_posix() if spec.is_relative_to(root) else spec.name

    def check_folders(self) -> None:
        """Raise GenerationError where templates or package are missing or hold nothing."""
        for folder, pattern in ((self.templates, "*.jinja"), (self.package, "*.py")):
            if next(folder.rglob(pattern), None) is None:
                raise GenerationError(
                    f"{display_path(folder)}: there is no {pattern} file in this folder; without "
                    "it, the result would be another client."
                )


@dataclass(frozen=True)
class Job:
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

    @property
    def current(self) -> Path:
        """The package's folder, whether there is one or not."""
        return self.output / self.package


def generate(layout: Layout, job: Job) -> list[str]:
    """Make the package and put it in its place; return what to tell, a line each.

    Raises:
        GenerationError: Something is to be mended first; the output is as it was.
    """
    _check(layout, job)
    with staging(job.output, job.package) as staged:
        if _is_rendered(layout, job):
            shutil.copytree(job.current, staged, ignore=_ignore_copied)
            notes = _finish(layout, staged, only_copied=True)
        else:
            notes = _build(layout, job, staged)
        notes += _changes(job.current, staged)
        rendered = _digest_rendered(staged)
        swap(staged, job.current)
    record = {"from": _digest_sources(layout, job), "rendered": rendered}
    layout.record(job).parent.mkdir(parents=True, exist_ok=True)
    layout.record(job).write_text(json.dumps(record), encoding="utf-8")
    return notes


def check(layout: Layout, job: Job) -> list[str]:
    """Make the package elsewhere and compare; return what to tell, a line each.

    Raises:
        GenerationError: Something is to be mended, or the output is not what would be made now.
    """
    _check(layout, job)
    with tempfile.TemporaryDirectory(prefix="generate-") as folder:
        staged = Path(folder) / job.package
        _build(layout, job, staged)
        if not job.current.is_dir():
            raise GenerationError(f"{display_path(job.current)} is missing; run `make generate`.")
        differences = compare_folders(staged, job.current)
    if differences:
        raise GenerationError(
            f"{display_path(job.current)} is not what would be generated now; run `make generate`, "
            "and never edit what it makes.",
            differences,
        )
    return [f"{display_path(job.current)} is what is generated from {display_path(job.spec)}."]


def _check(layout: Layout, job: Job) -> None:
    name = job.package
    if not name.isidentifier() or not name.isascii() or keyword.iskeyword(name):
        raise GenerationError(f"--package {name!r}: a package needs a Python identifier's name.")
    if name in sys.stdlib_module_names or name in _NEEDED:
        raise GenerationError(
            f"--package {name!r}: a module of this name is needed as it is; choose another."
        )
    layout.check_folders()


def _build(layout: Layout, job: Job, staged: Path) -> list[str]:
    # What reads and parses the document is slow to import, and a copy alone does not need it.
    from .configuration import load_configuration  # noqa: PLC0415 - slow to import, and not always needed
    from .document import load_document  # noqa: PLC0415 - slow to import, and not always needed
    from .house_rules import check_house_rules  # noqa: PLC0415 - slow to import, and not always needed
    from .rendering import render  # noqa: PLC0415 - slow to import, and not always needed
    from .validation import check_document  # noqa: PLC0415 - slow to import, and not always needed

    document = load_document(job.spec)
    notes = check_document(document)
    if job.house_rules:
        notes += check_house_rules(document)
    config = load_configuration(
        layout.configuration, package=job.package, spec=job.spec, destination=staged
    )
    source = layout.name_document(job.spec)
    try:
        notes += render(document, source=source, config=config, templates=layout.templates)
    except GenerationError:
        raise
    except Exception as error:
        raise attribute_error(error) from error
    write_metadata(
        staged,
        document.data,
        name=job.package,
        package_version=config.package_version_override or document.data["info"]["version"],
    )
    return notes + _finish(layout, staged)


def _finish(layout: Layout, staged: Path, *, only_copied: bool = False) -> list[str]:
    copied = copy_package(layout.package, staged)
    format_package(staged, copied if only_copied else None)
    skipped, effects = check_imports(staged)
    set_modes(staged)
    notes = []
    if skipped:
        notes = [f"Not tried, as what they need is not installed: {', '.join(skipped)}."]
    if not only_copied:
        notes += (f"The mock takes {name} to {effect}." for name, effect in effects.items())
    return notes


def attribute_error(error: Exception) -> Exception:
    """Return what to say where a template or the parser fails over the document.

    Both may raise anything. Where neither is at fault, it is a bug of ours, and stays.
    """
    frames = traceback.extract_tb(error.__traceback__)
    text = f"{type(error).__name__}: {error}"
    for frame in reversed(frames):
        if frame.filename.endswith(".jinja"):
            path = display_path(Path(frame.filename))
            return GenerationError(f"{path}, line {frame.lineno}: {text}")
    if any("openapi_python_client" in Path(frame.filename).parts for frame in frames):
        return GenerationError(f"{GENERATOR} fails over this document.", [text])
    return error


def _changes(current: Path, staged: Path) -> list[str]:
    if not current.is_dir() or not any(current.iterdir()):
        names = ("api/*/*.py", "models/*.py")
        counts = [sum(p.stem != "__init__" for p in staged.glob(name)) for name in names]
        return ["{} is new: {} operations, {} models.".format(staged.name, *counts)]
    differing = [line.split(maxsplit=1)[1] for line in compare_folders(staged, current)]
    if all(name.startswith("_") or not name.endswith(".py") for name in differing):
        return [f"{staged.name}: no change on the Python surface."]
    from .surface import compare_packages  # noqa: PLC0415 - griffe takes a while to import

    try:
        lines = compare_packages(current, staged)
    except (OSError, SyntaxError, ValueError) as error:
        return [f"The former {current.name} cannot be read, so there is no comparison: {error}"]
    return lines or [f"{staged.name}: no change on the Python surface."]


def _ignore_copied(folder: str, names: list[str]) -> set[str]:
    return {n for n in names if n == "__pycache__" or is_copied(Path(folder, n))}


def _is_rendered(layout: Layout, job: Job) -> bool:
    """Tell whether the package is there, rendered from what there is now, and not touched since."""
    try:
        record = json.loads(layout.record(job).read_text(encoding="utf-8"))
        sources, rendered = _digest_sources(layout, job), _digest_rendered(job.current)
    except (OSError, ValueError):
        return False
    return bool(record == {"from": sources, "rendered": rendered})


def _digest_sources(layout: Layout, job: Job) -> str:
    """Return the digest of all that the rendered files are made from."""
    files = [job.spec, layout.configuration, *layout.templates.rglob("*.jinja")]
    files += Path(__file__).parent.glob("*.py")
    versions = [version(name) for name in (GENERATOR, "ruff", "jinja2")]
    settings = json.dumps([layout.name_document(job.spec), job.house_rules, versions])
    return _digest(files, settings)


def _digest_rendered(package: Path) -> str:
    files = (path for path in package.rglob("*") if path.is_file() and not is_copied(path))
    return _digest((path for path in files if path.suffix != ".pyc"), "")


def _digest(files: Iterable[Path], settings: str) -> str:
    digest = hashlib.sha256(settings.encode())
    for file in sorted(files):
        digest.update(f"\0{file.name}\0".encode() + file.read_bytes())
    return digest.hexdigest()
