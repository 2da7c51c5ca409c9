"""The steps of a generation in their order, and its command line."""

from __future__ import annotations

import argparse
import hashlib
import json
import keyword
import sys
import tempfile
import traceback
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path, PurePath

from .errors import GenerationError, display_path
from .finishing import (
    GENERATOR,
    MANIFEST,
    check_imports,
    copy_package,
    format_package,
    is_copied,
    write_file,
    write_metadata,
)

_DESCRIPTION = """\
Make the Python package from an OpenAPI document: validate it, render the templates, format,
try every import, then swap the package in whole and print what changed for its users.

Whatever goes wrong, the package stays as it was.
"""
_EPILOG = "Exit status: 0 when all is well, 1 when something is to be mended, 2 for a wrong option."
# What the package itself imports: a package of the same name would import itself instead.
_NEEDED = {"attr", "attrs", "h11", "httpx", "httpx2", "jsonschema_rs", "pytest"}


def main(arguments: Sequence[str] | None = None, *, root: Path) -> int:
    """Run one generation in the repository `root`, and return the exit status."""
    options = _parse(arguments, root)
    package = options.output.resolve() / options.package
    job = Job(root, options.spec, package, house_rules=not options.no_house_rules)
    try:
        _check(job)
        notes = generate(job, only_check=options.check)
    except GenerationError as error:
        told = str(error)
    except OSError as error:
        told = f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror}."
    except KeyboardInterrupt:
        told = "interrupted."
    else:
        print("\n".join(notes))
        return 0
    print(f"generate: {told}", file=sys.stderr)
    if not options.check:
        kept = f"{display_path(job.package)} is as it was."
        print(kept if job.package.exists() else "Nothing was made.", file=sys.stderr)
    return 1


def _parse(arguments: Sequence[str] | None, root: Path) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="generate.py",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--spec", type=Path, default=root / "openapi/portal-v1.yaml", help="the OpenAPI document")
    add("--output", type=Path, default=root / "generated", help="the folder for the package")
    add("--package", default="portal_v1", help="the package's name (default: %(default)s)")
    words = "take a document without tags, explicit security or marked secrets"
    add("--no-house-rules", action="store_true", help=words)
    words = "change nothing: say whether the package is what would be generated now"
    add("--check", action="store_true", help=words)
    return parser.parse_args(arguments)


class Job:
    """A generation: of the document `spec`, into the folder `package`, in the repository `root`."""

    def __init__(self, root: Path, spec: Path, package: Path, *, house_rules: bool) -> None:
        self.spec, self.package, self.house_rules = spec, package, house_rules
        self.templates = root / "overrides" / "templates"
        self.modules = root / "overrides" / "package"
        # What to call the document in the package, the same on every machine.
        inside = spec.resolve().is_relative_to(root.resolve())
        self.source = spec.resolve().relative_to(root.resolve()).as_posix() if inside else spec.name
        # What the package's rendered files were made from: where that is as it was, the modules of
        # overrides/package are all that has to be renewed. It is not committed.
        name = hashlib.sha256(str(package).encode()).hexdigest()[:16]
        self.record = root / "build" / "rendered" / name


def generate(job: Job, *, only_check: bool = False) -> list[str]:
    """Make the package and put it in its place, or compare it with what is there.

    Return what to tell, a line each.
    """
    before, shown = _read_files(job.package), display_path(job.package)
    # In a folder above the package, a rename suffices to put it in its place.
    above = None if only_check else next(f for f in job.package.parents if f.exists())
    with tempfile.TemporaryDirectory(
        prefix=f".{job.package.name}.generate-", dir=above, ignore_cleanup_errors=True
    ) as folder:
        staged = Path(folder) / job.package.name
        known = not only_check and job.record.is_file() and job.record.read_text()
        if known and known == _fingerprint(job, before):
            notes = []
            for name, content in before.items():
                if not is_copied(content):
                    write_file(staged / name, content)
            _finish(job, staged)
        else:
            notes = _build(job, staged)
        after = _read_files(staged)
        if only_check:
            differences = _list_differences(after, before)
            if not before:
                raise GenerationError(f"{shown} is missing; run `make generate`.")
            if differences:
                raise GenerationError(
                    f"{shown} is not what would be generated now; run `make generate`, and never "
                    "edit what it makes.",
                    differences,
                )
            return [f"{shown} is what is generated from {display_path(job.spec)}."]
        notes += _list_changes(job.package.name, before, after)
        _swap(staged, job.package)
    write_file(job.record, _fingerprint(job, after))
    return notes


def _check(job: Job) -> None:
    name, shown = job.package.name, display_path(job.package)
    if not name.isidentifier() or not name.isascii() or keyword.iskeyword(name):
        raise GenerationError(f"--package {name!r}: a package needs a Python identifier's name.")
    if name in sys.stdlib_module_names or name in _NEEDED:
        raise GenerationError(f"--package {name!r}: this module is needed; choose another name.")
    for folder, pattern in ((job.templates, "*.jinja"), (job.modules, "*.py")):
        if next(folder.rglob(pattern), None) is None:
            raise GenerationError(f"{display_path(folder)}: there is no {pattern} file in it.")
    if job.package.is_symlink() or (job.package.exists() and not job.package.is_dir()):
        raise GenerationError(f"{shown}: this is no folder of its own; move it away first.")
    if next(job.package.glob("*"), None) and not (job.package / MANIFEST).is_file():
        raise GenerationError(
            f"{shown}: this was not generated (it has no {MANIFEST}); move it away first, or "
            "choose another --output or --package."
        )


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
    effects = _finish(job, staged)
    return notes + [f"The mock takes {name} to {effect}." for name, effect in effects.items()]


def _finish(job: Job, staged: Path) -> dict[str, str]:
    copy_package(job.modules, staged)
    format_package(staged)
    effects = check_imports(staged)
    for path in (staged, *staged.rglob("*")):  # Whatever the umask and the sources have.
        path.chmod(0o755 if path.is_dir() else 0o644)
    return effects


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


def _list_differences(wanted: dict[str, bytes], found: dict[str, bytes]) -> list[str]:
    names = {
        "missing: ": wanted.keys() - found.keys(),
        "extra:   ": found.keys() - wanted.keys(),
        "differs: ": {name for name in wanted.keys() & found.keys() if wanted[name] != found[name]},
    }
    return [f"{word}{name}" for word, group in names.items() for name in sorted(group)]


def _list_changes(package: str, before: dict[str, bytes], after: dict[str, bytes]) -> list[str]:
    """Return what changed for those who use the package, grouped by module."""
    paths = sorted(PurePath(name) for name in {*before, *after} if name.endswith(".py"))
    if not before:
        made = [path for path in paths if path.stem != "__init__"]
        counts = [sum(path.match(one) for path in made) for one in ("api/*/*", "models/*")]
        return ["{} is new: {} operations, {} models.".format(package, *counts)]
    lines: list[str] = []
    for path in paths:
        parts = [part for part in path.with_suffix("").parts if part != "__init__"]
        old, new = (files.get(path.as_posix(), b"") for files in (before, after))
        if old == new or any(part.startswith("_") for part in parts):
            continue
        from .surface import compare_modules  # noqa: PLC0415 - griffe takes a while to import

        try:
            lines += compare_modules(".".join([package, *parts]), old.decode(), new.decode())
        except (SyntaxError, ValueError) as error:
            return [f"The former {package} cannot be read, so there is no comparison: {error}"]
    return lines or [f"{package}: no change on the Python surface."]


def _fingerprint(job: Job, files: dict[str, bytes]) -> str:
    """Return the digest of a package's rendered files and of all that they are made from."""
    versions = [version(name) for name in (GENERATOR, "ruff", "jinja2")]
    digest = hashlib.sha256(json.dumps([job.source, job.house_rules, versions]).encode())
    sources = [job.spec, job.modules / "_version.py", *sorted(job.templates.rglob("*.jinja"))]
    sources += sorted(Path(__file__).parent.glob("*.py"))
    rendered = [
        (name, content) for name, content in sorted(files.items()) if not is_copied(content)
    ]
    for name, content in [*((path.name, path.read_bytes()) for path in sources), *rendered]:
        digest.update(f"\0{name}\0".encode() + content)
    return digest.hexdigest()


def _swap(staged: Path, package: Path) -> None:
    """Put the staged package in the place of the current one, wholly or not at all."""
    retired = staged.with_name("retired")
    package.parent.mkdir(parents=True, exist_ok=True)
    if package.exists():
        package.rename(retired)
    try:
        staged.rename(package)
    except BaseException:
        if retired.exists():
            retired.rename(package)
        raise


def _read_files(folder: Path) -> dict[str, bytes]:
    """Return the files of a package by their names; none where there is no package."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
