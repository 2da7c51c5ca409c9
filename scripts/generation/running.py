"""The steps of a generation in their order, and its command line."""

import argparse
import hashlib
import json
import keyword
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import traceback
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib.metadata import version
from os.path import relpath
from pathlib import Path
from typing import Any

from ruff import find_ruff_bin  # type: ignore[import-untyped]  # it comes without types

from .errors import GenerationError

GENERATOR = "openapi-python-client"
MANIFEST = "manifest.json"


def main(arguments: Sequence[str] | None = None, *, root: Path) -> int:
    """Run one generation in the repository `root`, and return the exit status."""
    words = "Make the Python package from an OpenAPI document."
    parser = argparse.ArgumentParser(prog="generate.py", description=words)
    add = parser.add_argument
    add("--spec", type=Path, default=root / "openapi/portal-v1.yaml", help="the OpenAPI document")
    add("--output", type=Path, default=root / "generated", help="the folder for the package")
    add("--package", default="portal_v1", help="the package's name (default: %(default)s)")
    words = "take a document without tags, explicit security or marked secrets"
    add("--no-house-rules", action="store_true", help=words)
    options = parser.parse_args(arguments)
    package = options.output.resolve() / options.package
    try:
        print("\n".join(_generate(root, options, package)))
    except (GenerationError, OSError) as error:
        kept = f"{relpath(package)} is as it was." if package.exists() else "Nothing was made."
        print(f"generate: {error}\n{kept}", file=sys.stderr)
        return 1
    return 0


def _generate(root: Path, options: argparse.Namespace, package: Path) -> list[str]:
    """Make the package and put it in its place; return what to tell, a line each."""
    name = package.name
    taken = {*keyword.kwlist, *sys.stdlib_module_names, "attr", "attrs", "httpx", "httpx2"}
    if name in taken or not (name.isidentifier() and name.isascii()):
        raise GenerationError(f"--package {name!r}: no package can have this name; choose another.")
    if package.exists() and not (package / MANIFEST).is_file():
        raise GenerationError(f"{relpath(package)} was not generated (no {MANIFEST}): move it away")
    before = _read_files(package)
    # In a folder above the package, a rename suffices to put it in its place.
    above = next(folder for folder in package.parents if folder.exists())
    with tempfile.TemporaryDirectory(
        prefix=f".{name}.generate-", dir=above, ignore_cleanup_errors=True
    ) as folder:
        staged = Path(folder) / name
        notes = _render(root, options, staged)
        copy_package(root / "overrides" / "package", staged)
        format_package(staged)
        effects = check_imports(staged)
        notes += (f"The mock takes {name} to {effect}." for name, effect in effects.items())
        notes += _tell_changes(name, before, _read_files(staged))
        retired = staged.with_name("retired")
        package.parent.mkdir(parents=True, exist_ok=True)
        if package.exists():
            package.rename(retired)
        try:
            staged.rename(package)
        except BaseException:  # The former package is put back.
            if retired.exists():
                retired.rename(package)
            raise
    return notes


def _render(root: Path, options: argparse.Namespace, staged: Path) -> list[str]:
    """Render into `staged`, or copy what is kept of an earlier run; return what to tell."""
    templates, modules = root / "overrides" / "templates", root / "overrides" / "package"
    # What to call the document in the package, the same on every machine.
    spec = options.spec.resolve()
    source = spec.relative_to(root).as_posix() if spec.is_relative_to(root) else spec.name
    versions = [version(name) for name in (GENERATOR, "jinja2", "ruff")]
    digest = hashlib.sha256(json.dumps([source, options.no_house_rules, versions]).encode())
    sources = [spec, modules / "_version.py", *sorted(templates.rglob("*.jinja"))]
    for path in (*sources, *sorted(Path(__file__).parent.glob("*.py"))):
        digest.update(f"\0{path.name}\0".encode() + path.read_bytes())
    kept = root / "build" / "rendered" / staged.name / digest.hexdigest()
    if kept.is_dir():
        shutil.copytree(kept, staged)
        return []
    from . import document, house_rules, rendering, validation  # noqa: PLC0415 - a copy alone does not wait for them

    loaded = document.load_document(options.spec)
    notes = validation.check_document(loaded)
    if not options.no_house_rules:
        notes += house_rules.check_house_rules(loaded)
    try:
        notes += rendering.render(loaded, source, staged, templates)
    except GenerationError:
        raise
    except Exception as error:  # Of a template or the parser, over a document that is valid.
        frames = traceback.extract_tb(error.__traceback__)
        at = next((frame for frame in frames[::-1] if ".jinja" in frame.filename), frames[-1])
        text = f"{relpath(at.filename)}, line {at.lineno}: "
        raise GenerationError(f"{text}{type(error).__name__}: {error}") from error
    write_metadata(staged, loaded.data, modules)
    with suppress(OSError):  # Another run may be about the same; this saves time, and no more.
        shutil.rmtree(kept.parent, ignore_errors=True)
        shutil.copytree(staged, kept.with_name(staged.parent.name)).rename(kept)
    return notes


def _tell_changes(package: str, before: dict[str, bytes], after: dict[str, bytes]) -> list[str]:
    """Return each module whose Python surface changed, and what is new (+) or gone (-) in it."""
    if not before:
        return [f"{package} is new."]
    told: list[str] = []
    for path in map(Path, sorted({*before, *after})):
        module = ".".join([package, *path.with_suffix("").parts]).removesuffix(".__init__")
        old, new = (files.get(path.as_posix(), b"") for files in (before, after))
        if old == new or path.suffix != ".py" or "._" in module:
            continue
        import griffe  # noqa: PLC0415 - a run without changes does not wait for it

        try:
            visited = [griffe.visit(module, path, code.decode()) for code in (old, new)]
        except (SyntaxError, ValueError) as error:
            return [f"The former {package} cannot be read, so there is no comparison: {error}"]
        gone, made = ({*_list_surface(one)} for one in visited)
        lines = [f"  {'+' if one in made else '-'} {one}" for one in sorted(gone ^ made)]
        told += [module, *lines] if lines else []
    return told or [f"{package}: no change on the Python surface."]


def _list_surface(owner: Any, prefix: str = "") -> Iterator[str]:
    """Yield a line for each public name of a module or class, and for each parameter."""
    yield from (f"exports {exported}" for exported in owner.exports or ())
    for name, member in owner.members.items():
        path = f"{prefix}{name}"
        if member.is_alias or (name[0] == "_" and name != "__init__"):
            continue
        if member.is_class:
            yield f"{path}: class({', '.join(map(str, member.bases))})"
            yield from _list_surface(member, f"{path}.")
        elif member.is_function:
            start = "async " if "async" in member.labels else ""
            yield f"{path}() -> {start}{member.returns or ''}"
            for one in member.parameters:
                named = _describe(f"{path}.{one.name}", one.annotation, one.default)
                yield f"{named} ({one.kind.value})"
        elif member.is_attribute:
            yield _describe(path, member.annotation, member.value)


def _describe(name: str, annotation: object, value: object) -> str:
    default = "" if value is None else f" = {textwrap.shorten(str(value), 60)}"
    return f"{name}: {annotation}{default}" if annotation else f"{name}{default}"


def _read_files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


_COMMENTS = {".py": "# {}\n", ".md": "<!-- {} -->\n", ".html": "<!-- {} -->\n"}
# What turns a module of a folder `_async` into its twin in `_sync`, in this order. What stays
# asynchronous all the same is no Python, which the try of the imports finds.
_TO_SYNC = (
    # Threads have no need of these, nor of their imports.
    (r"\n +(await yield|require_loop)_async\(.*", ""),
    (r"\nfrom \S+ import yield_async(?=\n)|, (require_loop|yield)_async\b", ""),
    (r"\bAsyncGenerator\[(.+), None\]", r"Generator[\1, None, None]"),
    (r"\basync (def|with|for)\b", r"\1"),
    (r"\bawait\s+", ""),
    (r"\b(_?)a(close|iter|iter_bytes|iter_raw|next)\b", r"\1\2"),
    (r"\bhandle_async_request\b", "handle_request"),
    (r"\b(_?)Async(?=[A-Z])", r"\1"),
    (r"\bsleep_async\b", "sleep"),
    (r"\b(\w*_)?async(_\w*)?\b", r"\1sync\2"),
)

# exclude=[] because ruff would pass over folders called build, dist, venv …, which are good names
# for a tag; no gitignore, no cache, no RUFF_… variable, so that nothing outside has a say.
_RUFF = (
    *("--isolated", "--no-cache", "--no-respect-gitignore", "--config=exclude=[]"),
    *("--config=line-length=100", "--target-version=py311"),
)
# Sorted imports and unused ones are mended. Names that are nowhere defined, or defined twice, are
# not: they are what a clash of names looks like in the result.
_MENDED = "I,F401,RUF022,D403"
_REFUSED = "F811,F821,F822,F823"
_CAPTURED: Any = {"capture_output": True, "encoding": "utf-8", "errors": "replace"}
_AT_FAULT = "a template or a module in overrides/ is at fault."
_PROGRAM = """
import gc, importlib, json, pathlib, sys
gc.disable()
root, package = sys.argv[1:]
sys.path.insert(0, root)
for path in sorted(pathlib.Path(root, package).rglob("*.py")):
    name = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
    name.endswith("__main__") or importlib.import_module(name)
mock = sys.modules[package + ".mock"]
try:
    with getattr(mock, "Mock" + sys.modules[package + "._service"].SERVICE.name)() as running:
        print(json.dumps(running.effects))
except mock.DocumentError as error:
    print(json.dumps(str(error)))
"""


def copy_package(source: Path, destination: Path) -> None:
    """Copy modules, each told where it is edited, and make sync twins of those in `_async`."""
    for path in sorted(source.rglob("*")):
        if path.is_dir() or "__pycache__" in path.parts:
            continue
        name, content = path.relative_to(source), path.read_text(encoding="utf-8")
        copies = [(name, content, "from where `make generate` copies it")]
        if path.suffix == ".py" and "_async" in name.parts:
            twin = Path(*("_sync" if part == "_async" else part for part in name.parts))
            for pattern, replacement in _TO_SYNC:
                content = re.sub(pattern, replacement, content)
            copies.append((twin, content, "of which `make generate` makes this sync twin"))
        for target, code, words in copies:
            said = f"Edited in overrides/package/{name.as_posix()}, {words}."
            first = _COMMENTS.get(path.suffix, "").format(said)
            (destination / target).parent.mkdir(parents=True, exist_ok=True)
            (destination / target).write_bytes(f"{first}{code}".encode())


def write_metadata(package: Path, document: dict[str, Any], modules: Path) -> None:
    """Write py.typed, openapi.json and manifest.json into a package made of these modules."""
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    info, code = document["info"], (modules / "_version.py").read_text(encoding="utf-8")
    (package_version,) = re.findall(r'^__version__ = "(.+)"$', code, re.MULTILINE)
    # Nothing that varies by machine or by time: two runs make the same bytes.
    manifest = {
        "document": {"title": info["title"], "version": info["version"], "sha256": digest},
        "package": {"name": package.name, "version": package_version},
        "generator": {"name": GENERATOR, "version": version(GENERATOR)},
        "formatter": {"name": "ruff", "version": version("ruff")},
    }
    (package / "py.typed").touch()
    for target, value in (("openapi.json", document), (MANIFEST, manifest)):
        text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
        (package / target).write_bytes(f"{text}\n".encode())


def format_package(package: Path) -> None:
    """Sort the imports of a package, drop unused ones, format its code; refuse undefined names."""
    rules = (f"--select={_MENDED},{_REFUSED}", f"--fixable={_MENDED}", "--output-format=concise")
    for command in (("check", "--fix", *rules), ("format",)):
        ruff = (find_ruff_bin(), *command, *_RUFF, package.name)
        done = subprocess.run(ruff, cwd=package.parent, env={}, check=False, **_CAPTURED)
        if done.returncode != 0:
            said = filter(str.strip, f"{done.stdout}\n{done.stderr}".splitlines())
            raise GenerationError(f"ruff {command[0]} failed on the result: {_AT_FAULT}", said)


def check_imports(package: Path) -> dict[str, str]:
    """Import every module in a fresh interpreter; return what operations do to the mock's state."""
    # -I: nothing of this machine's environment counts; -B: no __pycache__ in the result.
    options = ("-I", "-B", "-W", "error", "-c", _PROGRAM, str(package.parent), package.name)
    done = subprocess.run((sys.executable, *options), env={}, check=False, **_CAPTURED)
    try:
        effects = json.loads(done.stdout)
    except ValueError:
        said = done.stderr.replace(f"{package.parent}/", "").strip().splitlines()[-4:]
        said = said or [f"the interpreter ended with exit code {done.returncode}"]
        raise GenerationError(f"The rendered package does not import: {_AT_FAULT}", said) from None
    if isinstance(effects, str):
        raise GenerationError(f"The mock cannot be made of this document: {effects}")
    return dict(effects)
