"""A run makes the same bytes everywhere, swaps a package in whole, and names what failed."""

import json
import os
import shutil
from pathlib import Path

import pytest
import yaml

from tests.generation._support import DOCUMENTS, PACKAGE, Tree, copy_repository, snapshot


def test_the_same_bytes_everywhere(made: Tree, tmp_path: Path) -> None:
    hostile = tmp_path / "build"
    hostile.mkdir()
    (hostile / "ruff.toml").write_text("line-length = 40\nexclude = ['*.py']\n")
    (hostile / ".gitignore").write_text("*\n")
    tree = copy_repository(hostile / "repository")
    environment = {"PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo", "LC_ALL": "C", "COLUMNS": "40"}
    tree.run(hostile, RUFF_LINE_LENGTH="40", **environment)
    assert snapshot(tree.package) == snapshot(made.package)
    for path in (tree.package, *tree.package.rglob("*")):
        assert path.name != "__pycache__"
        content = b"" if path.is_dir() else path.read_bytes()
        assert str(tree.root).encode() not in content, path
        if path.suffix in {".py", ".html", ".md"}:
            first = content.partition(b"\n")[0].decode()
            assert "Edited in overrides/package/" in first or "Made by `make generate`" in first
    document = json.loads((tree.package / "openapi.json").read_text(encoding="utf-8"))
    assert document == yaml.safe_load(tree.spec.read_text(encoding="utf-8"))
    manifest = json.loads((tree.package / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["package"]["name"] == PACKAGE
    assert manifest["generator"]["name"] == "openapi-python-client"


def test_a_remark_changes_nothing_and_an_edit_of_the_modules_alone_reads_no_document(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = snapshot(tree.output)
    tree.spec.write_text("# A remark.\n" + tree.spec.read_text() + "\n\n")
    said = tree.generated()
    assert said.endswith("portal_v1: no change on the Python surface.\n")
    assert "The mock takes createParcel to create /parcels/{parcelId} by id" in said
    assert snapshot(tree.output) == before
    with (tree.modules / "testing.py").open("a") as file:
        file.write("X = [1,2]\n")
    (tree.modules / "_gone.py").write_text("X = 1\n")
    with monkeypatch.context() as patch:
        patch.setattr("generation.document.load_document", lambda path: pytest.fail("read"))
        assert "  + X = [1, 2]\n" in tree.generated()
        (tree.modules / "_gone.py").unlink()
        tree.generated()
    assert "X = [1, 2]" in (tree.package / "testing.py").read_text()
    assert not (tree.package / "_gone.py").exists()
    (tree.package / "client.py").write_text("# edited\n")
    assert "+ Sample: class" in tree.generated()


def test_what_cannot_be_generated(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("class", "ä", "json"):
        assert f"--package {name!r}: " in tree.refused("--package", name)
    assert "nowhere.yaml" in tree.refused("--spec", "nowhere.yaml")
    assert "Not a directory" in tree.refused("--output", "scripts/generate.py")
    spec = f"--spec={DOCUMENTS / 'library-3.0.yaml'}"
    assert "(--no-house-rules generates all the same)" in tree.refused(spec)
    with monkeypatch.context() as patch:
        patch.setattr("openapi_python_client.parser.properties._create_schemas", "no function")
        assert "TypeError: 'str' object is not callable" in tree.refused(spec, "--no-house-rules")
    rename, failures = Path.rename, [OSError("Not permitted")]

    def fail_once(self: Path, target: Path) -> Path:
        if target == tree.package and failures:
            raise failures.pop()
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_once)
    assert f"Not permitted\n{os.path.relpath(tree.package)} is as it was." in tree.refused()
    with tree.edited() as document:
        document["paths"]["/parcels"]["post"]["x-effect"] = "explode"
    assert "The mock cannot be made of this document: " in tree.refused()
    shutil.rmtree(tree.templates)
    assert f"not found in search path: '{tree.templates}'" in tree.refused()
    shutil.rmtree(tree.modules)
    assert "overrides/package/_version.py" in tree.refused()
    (tree.package / "manifest.json").unlink()
    assert "was not generated (no manifest.json): move it away" in tree.refused()


def test_what_is_broken_is_named(tree: Tree) -> None:
    module, template = "package/_broken.py", "types.py.jinja"
    for name, code, what in (
        (module, "def broken(:\n    pass\n", "_broken.py:2:"),
        (module, "def late() -> int:\n    return nowhere + 1\n", "F821"),
        (module, "X = 1\nY = X / 0\n", '"portal_v1/_broken.py", line 3'),
        (module, "import warnings\n\nwarnings.warn('old', stacklevel=1)\n", "UserWarning: old"),
        ("package/_core/_async/_late.py", "x = lambda: (await\\\n y)\n", "_sync/_late.py"),
        (module, "import os\n\nos._exit(3)\n", "the interpreter ended with exit code 3"),
        (f"templates/{template}", "\n{{ nothing.at_all }}", f"{template}, line 2: "),
        (f"templates/{template}", "{% if %}", f"{template}, line 1: "),
    ):
        path = tree.root / "overrides" / name
        before = path.read_text() if path.exists() else None
        path.write_text(code)
        assert what in tree.refused()
        path.unlink() if before is None else path.write_text(before)


def test_nothing_of_the_former_package_is_left(tree: Tree) -> None:
    (tree.package / "__init__.py").write_text("def broken(:\n")
    (tree.package / "models" / "pet.py").touch()
    assert "cannot be read, so there is no comparison" in tree.generated()
    assert not (tree.package / "models" / "pet.py").exists()
    assert (tree.output / "of-somebody-else.txt").read_text() == "Not to be touched.\n"


def test_an_output_that_is_not_there(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree.root)
    arguments = ("--spec", "openapi/portal-v1.yaml", "--output", "a/b")
    (tree.modules / "_broken.py").write_text("def broken(:\n")
    assert "Nothing was made." in tree.refused(*arguments)
    assert not Path("a").exists()
    (tree.modules / "_broken.py").unlink()
    assert "portal_v1 is new." in tree.generated(*arguments)
    assert [path.name for path in Path("a/b").iterdir()] == [PACKAGE]


def test_what_changed_is_told_on_any_terminal(tree: Tree) -> None:
    with tree.edited() as document:
        schemas = document["components"]["schemas"]
        schemas["Receipt"] = schemas.pop("Label")
        answer = document["paths"]["/parcels/{parcelId}/label"]["post"]["responses"]["200"]
        answer["content"]["application/json"]["schema"]["$ref"] = "#/components/schemas/Receipt"
        schemas["Parcel"]["properties"]["address"] = {"type": "integer"}
        parameter = {"name": "menü", "in": "query", "schema": {"type": "integer"}}
        document["paths"]["/parcels"]["get"]["parameters"] = [parameter]
    out = tree.run(tree.root, PYTHONIOENCODING="ascii")
    for line in (
        "- exports Label",
        "+ exports Receipt",
        "- Label: class()",
        "+ Receipt: class()",
        "+ Parcel.address: int | None = None\n  - Parcel.address: str | None = None",
        "+ ParcelsResource.list.men?: int | Unset = UNSET (keyword-only)",
        "+ ParcelsResource.renew_label() -> _models.Receipt",
        "- ParcelsResource.renew_label() -> _models.Label",
    ):
        assert f"  {line}\n" in out
    assert "_core" not in out
