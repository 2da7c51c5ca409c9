"""The steps of a generation, in their order."""

from __future__ import annotations

import contextlib
import hashlib
import json
import keyword
import shutil
import sys
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from .copying import copy_package, is_copied
from .errors import GenerationError, display_path
from .finishing import GENERATOR, MANIFEST, check_imports, format_package, write_metadata

# What the package itself imports: a package of the same name would import itself instead.
_NEEDED = {"attr", "attrs", "h11", "httpx", "httpx2", "jsonschema_rs", "pytest"}


@dataclass(frozen=True)
class Job:
    """A generation: of the document `spec`, into the folder `output`, in the repository `root`."""

    root: Path
    spec: Path
    output: Path
    package: str
    house_rules: bool

    @property
    def current(self) -> Path:
        """The package's folder, whether there is one or not."""
        return self.output / self.package

    @property
    def templates(self) -> Path:
        """The folder of our templates, over the generator's own."""
        return self.root / "overrides" / "templates"

    @property
    def modules(self) -> Path:
        """The folder of the modules that go into the package as they are."""
        return self.root / "overrides" / "package"

    @property
    def source(self) -> str:
        """What to call the document in the package, the same on every machine."""
        spec, root = self.spec.resolve(), self.root.resolve()
        return spec.relative_to(root).as_posix() if spec.is_relative_to(root) else spec.name


def generate(job: Job) -> list[str]:
    """Make the package and put it in its place; return what to tell, a line each."""
    _check(job)
    # What the package's rendered files were made from: where that is as it was, the modules of
    # overrides/package are all that has to be renewed. It is not committed.
    name = hashlib.sha256(str(job.current).encode()).hexdigest()[:16]
    record = job.root / "build" / "rendered" / name
    with _staging(job.current) as staged:
        if record.is_file() and record.read_text() == _fingerprint(job, job.current):
            shutil.copytree(job.current, staged, ignore=_ignore_copied)
            notes = _finish(job, staged, only_copied=True)
        else:
            notes = _build(job, staged)
        notes += _changes(job.current, staged)
        fingerprint = _fingerprint(job, staged)
        _swap(staged, job.current)
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text(fingerprint)
    return notes


def check(job: Job) -> list[str]:
    """Make the package elsewhere and compare; return what to tell, a line each."""
    _check(job)
    with tempfile.TemporaryDirectory(prefix="generate-") as folder:
        staged = Path(folder) / job.package
        _build(job, staged)
        if not job.current.is_dir():
            raise GenerationError(f"{display_path(job.current)} is missing; run `make generate`.")
        differences = _compare(staged, job.current)
    if differences:
        raise GenerationError(
            f"{display_path(job.current)} is not what would be generated now; run `make generate`, "
            "and never edit what it makes.",
            differences,
        )
    return [f"{display_path(job.current)} is what is generated from {display_path(job.spec)}."]


def _check(job: Job) -> None:
    name = job.package
    if not name.isidentifier() or not name.isascii() or keyword.iskeyword(name):
        raise GenerationError(f"--package {name!r}: a package needs a Python identifier's name.")
    if name in sys.stdlib_module_names or name in _NEEDED:
        raise GenerationError(f"--package {name!r}: this module is needed; choose another name.")
    for folder, pattern in ((job.templates, "*.jinja"), (job.modules, "*.py")):
        if next(folder.rglob(pattern), None) is None:
            raise GenerationError(f"{display_path(folder)}: there is no {pattern} file in it.")


def _build(job: Job, staged: Path) -> list[str]:
    from . import document, house_rules, rendering, validation  # noqa: PLC0415 - a copy alone does not wait for them

    loaded = document.load_document(job.spec)
    notes = validation.check_document(loaded)
    if job.house_rules:
        notes += house_rules.check_house_rules(loaded)
    try:
        notes += rendering.render(loaded, job.source, staged, job.templates)
    except GenerationError:
        raise
    except Exception as error:
        raise _attribute(error) from error
    write_metadata(staged, loaded.data, job.modules)
    return notes + _finish(job, staged)


def _finish(job: Job, staged: Path, *, only_copied: bool = False) -> list[str]:
    copy_package(job.modules, staged)
    format_package(staged)
    skipped, effects = check_imports(staged)
    staged.chmod(0o755)
    for path in staged.rglob("*"):  # Whatever the umask and the sources have.
        path.chmod(0o755 if path.is_dir() else 0o644)
    notes = []
    if skipped:
        notes = [f"Not tried, as what they need is not installed: {', '.join(skipped)}."]
    if not only_copied:
        notes += (f"The mock takes {name} to {effect}." for name, effect in effects.items())
    return notes


def _attribute(error: Exception) -> Exception:
    """Name the template or the parser that failed over the document; else it is a bug of ours."""
    text = f"{type(error).__name__}: {error}"
    frames = traceback.extract_tb(error.__traceback__)
    for frame in reversed(frames):
        if frame.filename.endswith(".jinja"):
            path = display_path(Path(frame.filename))
            return GenerationError(f"{path}, line {frame.lineno}: {text}")
    if any("openapi_python_client" in frame.filename for frame in frames):
        return GenerationError(f"{GENERATOR} fails over this document.", [text])
    return error


def _changes(current: Path, staged: Path) -> list[str]:
    if not current.is_dir() or not any(current.iterdir()):
        names = ("api/*/*.py", "models/*.py")
        counts = [sum(p.stem != "__init__" for p in staged.glob(name)) for name in names]
        return ["{} is new: {} operations, {} models.".format(staged.name, *counts)]
    differing = [line.split(maxsplit=1)[1] for line in _compare(staged, current)]
    lines: list[str] = []
    if any(name[0] != "_" and name.endswith(".py") for name in differing):
        from .surface import compare_packages  # noqa: PLC0415 - griffe takes a while to import

        try:
            lines = compare_packages(current, staged)
        except (OSError, SyntaxError, ValueError) as error:
            return [f"The former {current.name} cannot be read, so there is no comparison: {error}"]
    return lines or [f"{staged.name}: no change on the Python surface."]


def _ignore_copied(folder: str, names: list[str]) -> set[str]:
    return {n for n in names if n == "__pycache__" or is_copied(Path(folder, n))}


def _fingerprint(job: Job, package: Path) -> str:
    """Return the digest of a package's rendered files and of all that they are made from."""
    rendered = (path for path in _files(package).values() if not is_copied(path))
    files = [job.spec, job.modules / "_version.py", *sorted(job.templates.rglob("*.jinja"))]
    files += [*sorted(Path(__file__).parent.glob("*.py")), *sorted(rendered)]
    versions = [version(name) for name in (GENERATOR, "ruff", "jinja2")]
    digest = hashlib.sha256(json.dumps([job.source, job.house_rules, versions]).encode())
    for file in files:
        digest.update(f"\0{file.name}\0".encode() + file.read_bytes())
    return digest.hexdigest()


@contextlib.contextmanager
def _staging(current: Path) -> Iterator[Path]:
    """Give a folder beside the package to make it in, from where a rename suffices."""
    if current.is_symlink() or (current.exists() and not current.is_dir()):
        raise GenerationError(
            f"{display_path(current)}: this is no folder of its own; move it away first."
        )
    if current.is_dir() and any(current.iterdir()) and not (current / MANIFEST).is_file():
        raise GenerationError(
            f"{display_path(current)}: this was not generated (it has no {MANIFEST}); "
            "move it away first, or choose another --output or --package."
        )
    missing = [folder for folder in current.parents if not folder.exists()]
    current.parent.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(
            prefix=f".{current.name}.generate-", dir=current.parent, ignore_cleanup_errors=True
        ) as folder:
            yield Path(folder) / current.name
    finally:
        with contextlib.suppress(OSError):  # Folders that this run made and that hold nothing.
            for made in missing:
                made.rmdir()


def _swap(staged: Path, current: Path) -> None:
    """Put the staged package in the place of the current one, wholly or not at all."""
    retired = staged.with_name("retired")
    if current.exists():
        current.rename(retired)
    try:
        staged.rename(current)
    except BaseException:
        if retired.exists():
            retired.rename(current)
        raise


def _compare(expected: Path, actual: Path) -> list[str]:
    """Return a line for each file of `actual` that is not as in `expected`."""
    wanted, found = _files(expected), _files(actual)
    lines = [f"missing: {name}" for name in sorted(wanted.keys() - found.keys())]
    lines += [f"extra:   {name}" for name in sorted(found.keys() - wanted.keys())]
    for name in sorted(wanted.keys() & found.keys()):
        if wanted[name].read_bytes() != found[name].read_bytes():
            lines.append(f"differs: {name}")
    return lines


def _files(folder: Path) -> dict[str, Path]:
    return {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
