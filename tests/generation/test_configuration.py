"""overrides/ as the generation finds it: what is unknown, missing or stale stops it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from generation.errors import GenerationError
from generation.upstream import accept_upstream, check_upstream, generator_templates

from tests.generation._support import Tree


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (
            "package_version: 1\n",
            "line 1: unknown key 'package_version'; known are class_overrides",
        ),
        (
            "package_version_override: 1.0.0\n\nclass_overrides:\n  Error:\n    name: Fault\n",
            "line 5: unknown key 'name' in class_overrides of Error; known are class_name, module",
        ),
        ("post_hooks: []\n", "line 1: 'post_hooks' is not to be set"),
        ("literal_enums: true\n", "line 1: 'literal_enums' is not to be set"),
        ("package_version_override: 1.0\n", "line 1: package_version_override: Input should be"),
        ("class_overrides:\n  Error: 3\n", "line 2: class_overrides.Error: Input should be"),
        ("generate_all_tags: maybe\n", "line 1: generate_all_tags: Input should be"),
        ("field_prefix: a\nfield_prefix: b\n", "line 2: the key 'field_prefix' is already there"),
        ("- a\n", "it must be a mapping"),
        ("a: [\n", "not valid YAML"),
    ],
)
def test_a_configuration_that_cannot_be_used(tree: Tree, text: str, what: str) -> None:
    tree.configuration.write_text(text)
    said = tree.refused()
    assert "generator.yaml" in said
    assert what in said


def test_all_unknown_keys_are_said_at_once(tree: Tree) -> None:
    tree.configuration.write_text("one: 1\ntwo: 2\n")
    said = tree.refused()
    assert "line 1: unknown key 'one'" in said
    assert "line 2: unknown key 'two'" in said


def test_no_configuration(tree: Tree) -> None:
    tree.configuration.unlink()
    assert "generator.yaml: the generator's configuration is missing." in tree.refused()


@pytest.mark.parametrize("name", ["templates", "package"])
def test_a_folder_is_missing(tree: Tree, name: str) -> None:
    shutil.rmtree(tree.root / "overrides" / name)
    assert f"{name}: this folder is missing" in tree.refused()


@pytest.mark.parametrize(("name", "pattern"), [("templates", "*.jinja"), ("package", "*.py")])
def test_a_folder_is_empty(tree: Tree, name: str, pattern: str) -> None:
    folder = tree.root / "overrides" / name
    shutil.rmtree(folder)
    folder.mkdir()
    assert f"{name}: there is no {pattern} file in it." in tree.refused()


def test_a_template_of_the_generator_has_changed(tree: Tree) -> None:
    recorded = json.loads(tree.upstream.read_text())
    name = next(iter(recorded))
    tree.upstream.write_text(json.dumps({**recorded, name: "0" * 64}))
    said = tree.refused()
    assert f"{name}: the generator's has changed since ours was written." in said
    assert "`scripts/generate.py --accept-upstream`" in said


def test_a_replaced_template_is_not_recorded(tree: Tree) -> None:
    recorded = json.loads(tree.upstream.read_text())
    name = next(iter(recorded))
    del recorded[name]
    tree.upstream.write_text(json.dumps(recorded))
    assert f"{name}: ours replaces the generator's, and that is not recorded" in tree.refused()


def test_a_record_is_stale(tree: Tree) -> None:
    recorded = json.loads(tree.upstream.read_text())
    tree.upstream.write_text(json.dumps({**recorded, "README.md.jinja": "0" * 64}))
    assert "README.md.jinja: recorded, but no template of ours replaces it" in tree.refused()


@pytest.mark.parametrize("text", [None, "{", "[]", '{"a": 1}'])
def test_no_record_that_can_be_read(tree: Tree, text: str | None) -> None:
    if text is None:
        tree.upstream.unlink()
    else:
        tree.upstream.write_text(text)
    said = tree.refused()
    assert "upstream.json" in said
    assert "--accept-upstream` writes it anew" in said


def test_the_record_fits_the_generator(repository: Path) -> None:
    overrides = repository / "overrides"
    recorded = json.loads((overrides / "upstream.json").read_text())
    assert recorded
    assert list(recorded) == sorted(recorded)
    check_upstream(overrides / "templates", overrides / "upstream.json")


def test_accepting(tree: Tree) -> None:
    as_committed = tree.upstream.read_bytes()
    recorded = json.loads(as_committed)
    changed, added = list(recorded)[:2]
    del recorded[added]
    tree.upstream.write_text(json.dumps({**recorded, changed: "0" * 64, "gone.jinja": "0"}))
    former = (tree.package / "__init__.py").read_bytes()
    said = tree.generated("--accept-upstream")
    assert "3 changed." in said
    assert {f"  ~ {changed}", f"  + {added}", "  - gone.jinja"} <= set(said.splitlines())
    assert tree.upstream.read_bytes() == as_committed
    assert (tree.package / "__init__.py").read_bytes() == former


def test_a_new_version_of_the_generator(tree: Tree, tmp_path: Path) -> None:
    newer = tmp_path / "newer"
    shutil.copytree(generator_templates(), newer)
    check_upstream(tree.templates, tree.upstream, newer)
    name = next(iter(json.loads(tree.upstream.read_text())))
    (newer / name).write_text("{# as of the next version #}")
    with pytest.raises(GenerationError) as caught:
        check_upstream(tree.templates, tree.upstream, newer)
    assert caught.value.problems == [f"{name}: the generator's has changed since ours was written."]
    assert accept_upstream(tree.templates, tree.upstream, newer) == [f"~ {name}"]
    check_upstream(tree.templates, tree.upstream, newer)


@pytest.mark.parametrize("name", ["portal-v1", "1portal", "class", "", "pörtal", "a.b", "../x"])
def test_a_name_that_no_package_can_have(tree: Tree, name: str) -> None:
    assert "a package needs a Python identifier's name" in tree.refused(f"--package={name}")


@pytest.mark.parametrize("name", ["json", "httpx", "attrs"])
def test_a_name_that_is_needed(tree: Tree, name: str) -> None:
    assert "a module of this name is needed as it is" in tree.refused("--package", name)
