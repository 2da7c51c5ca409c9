"""make breaking: what breaks for those who call the package."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import breaking
import pytest
from _support.callers import find_breaks

MODELS = """\
from attrs import define, field

@define
class Wish:
    item: str
    count: int | None = None

@define
class Order:
    id: str
    note: str | None = None
    rest: dict[str, int] = field(factory=dict, kw_only=True)

class Both:
    size: int
"""
CLIENT = """\
from .models import Order, Wish

LIMIT = 3

class Shop:
    def get(self, order_id: str, *, timeout: float | None = 30.0) -> Order | None: ...
    def create(self, wish: Wish, note: str = "") -> Order: ...
    async def watch(self, *ids: str) -> None: ...
    @property
    def name(self) -> str: ...
"""
WATCH = "    async def watch(self, *ids: str) -> None: ...\n"
NAME = "    @property\n    def name(self) -> str: ...\n"

# The text to replace in one of the two modules, what stands there now, and what breaks: None where
# nothing does.
CASES = {
    "a method is gone": (WATCH, "", "client.Shop.watch: Public object was removed"),
    "an argument is needed": ("order_id: str,", "order_id: str, shop: str,", '"shop"'),
    "a default is another": ("= 30.0", "= 5.0", '"timeout" from 30.0 to 5.0'),
    "an argument takes less": ("float | None = 30.0", "float = 30.0", 'expected "float"'),
    "more is returned": ("-> Order:", "-> Order | None:", 'It gives "Order | None", not "Order"'),
    "it is async now": ("    def get(", "    async def get(", 'It gives "Coroutine'),
    "a property's type is another": ("(self) -> str", "(self) -> int", 'It gives "int", not "str"'),
    "a constant is another": ("LIMIT = 3", "LIMIT = 4", "client.LIMIT: The value was 3 and is 4"),
    "a method is added": ("    @property", "    def go(self) -> None: ...\n    @property", None),
    "an argument is added": ("= 30.0)", "= 30.0, day: str = 'x')", None),
    "an argument takes more": ("order_id: str", "order_id: int | str", None),
    "a sent model needs more": (
        "    item: str\n",
        "    item: str\n    day: str\n",
        'models.Wish: Parameter was added as required: "day"',
    ),
    "a sent model takes less": ("count: int | None", "count: int", 'expected "int"'),
    "a sent model is made in another order": (
        "    count: int | None = None\n",
        "    day: str = ''\n    count: int | None = None\n",
        'models.Wish: Positional parameter was moved: "count"',
    ),
    "an answered model has less": (
        "    note: str | None = None\n",
        "",
        "models.Order.note: Public",
    ),
    "an answered field is another": ("id: str\n", "id: int\n", "models.Order.id: It gives"),
    "a sent model takes more": ("= None\n\n@", "= None\n    day: str = ''\n\n@", None),
    "an answer has more": ("    id: str\n", "    id: str\n    colour: str\n", None),
}
# What stands in another module, then and now, and what breaks.
BASES = "from .models import Both, Wish\nclass A: ...\nclass B: ...\nclass More"
ENUM = "import enum\nclass More(enum.StrEnum):\n    A = "
EXPORTED = "from .models import Order, Wish\n__all__ = ['Order'"
MISSING = "class More:\n    def go(self, a: Missing) -> None: ...\n"
MODULES: dict[str, tuple[dict[str, str], dict[str, str], str | None]] = {
    "a module is gone": ({"more": "A = 1\n"}, {}, "more: Public object was removed"),
    "a base is gone": (
        {"more": f"{BASES}(Both, Wish): ..."},
        {"more": f"{BASES}(Both): ..."},
        "more.More: Base class was removed",
    ),
    "a base is another": (
        {"more": f"{BASES}(A): ..."},
        {"more": f"{BASES}(B): ..."},
        'more.More: It gives "More", not "A"',
    ),
    "a member of an enum is another": (
        {"more": f"{ENUM}'a'\n"},
        {"more": f"{ENUM}'b'\n"},
        "more.More.A: The value was 'a' and is 'b'",
    ),
    "a name is no longer exported": (
        {"__init__": f"{EXPORTED}, 'Wish']\n"},
        {"__init__": f"{EXPORTED}]\n"},
        'Wish: Module "PACKAGE" does not explicitly export attribute "Wish"',
    ),
    "a model in another private module": (
        {"_a": "class A: ...\n", "more": "from ._a import A\n__all__ = ['A']\n"},
        {"_b": "class A: ...\n", "more": "from ._b import A\n__all__ = ['A']\n"},
        None,
    ),
    "what has an underscore is nobody's": ({"_more": "def go(): ...\n"}, {"_more": ""}, None),
    "what mypy holds against the caller was so before": (
        {"more": MISSING},
        {"more": f"{MISSING}\nA = 1\n"},
        None,
    ),
}


def write(folder: Path, modules: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {"__init__": "", **modules}.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What breaks in each case. All of them are compared at once, for mypy starts slowly."""
    old, new = tmp_path_factory.mktemp("old"), tmp_path_factory.mktemp("new")
    for number, case in enumerate([*CASES, *MODULES]):
        shop = {"client": CLIENT, "models": MODELS} if case in CASES else {"models": MODELS}
        then, now = MODULES[case][:2] if case in MODULES else ({}, {})
        if case in CASES:
            before, after, _ = CASES[case]
            changed = "client" if before in CLIENT else "models"
            assert before in shop[changed]
            now = {changed: shop[changed].replace(before, after, 1)}
        write(old / f"shop{number}", {**shop, **then})
        write(new / f"shop{number}", {**shop, **now})
    breaks: dict[str, list[str]] = {case: [] for case in [*CASES, *MODULES]}
    for where, what in find_breaks(old, new, [folder.name for folder in new.iterdir()]):
        package, _, name = where.partition(".")
        case = [*breaks][int(package.removeprefix("shop"))]
        breaks[case].append(f"{name}: {what.replace(package, 'PACKAGE')}")
    return breaks


@pytest.mark.parametrize("case", [*CASES, *MODULES])
def test_a_change_breaks_callers_or_not(found: dict[str, list[str]], case: str) -> None:
    breaks = {**CASES, **MODULES}[case][2]
    if breaks is None:
        assert found[case] == []
    else:
        assert any(breaks in line for line in found[case]), found[case]


def test_the_next_major_version_announces_breaks() -> None:
    for old, new in (("1.2.3", "2.0.0"), ("0.4.2", "0.5.0"), ("0.4.2", "1.0.0")):
        assert breaking.announces_breaks(old, new)
    for old, new in (("1.2.3", "1.3.0"), ("1.2.3", "0.9.0"), ("0.4.2", "0.4.3")):
        assert not breaking.announces_breaks(old, new)


Compare = Callable[..., tuple[int, str]]


@pytest.fixture
def compare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Compare:
    """Commits a package on the branch `main`; then compares one with a base."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)

    def compare_with(client: str, version: str, *base: str) -> tuple[int, str]:
        modules = {"client": client, "models": MODELS, "_version": f'__version__ = "{version}"\n'}
        write(Path("generated/shop"), modules)
        monkeypatch.setattr(sys, "argv", ["breaking.py", "--package", "generated/shop", *base])
        return breaking.main(), "".join(capsys.readouterr())

    Path("CHANGELOG.md").write_text("# Changelog\n")
    git("init", "--quiet", "--initial-branch", "main")
    assert "make breaking BASE=" in compare_with(CLIENT, "0.4.2")[1]
    git("add", "--all")
    git("commit", "--quiet", "--message", "A state")
    return compare_with


def git(*arguments: str) -> None:
    author = ["-c", "user.name=A", "-c", "user.email=a@example.com"]
    subprocess.run(["git", *author, *arguments], check=True, timeout=30)


def test_a_break_fails_until_it_is_announced(compare: Compare, tmp_path: Path) -> None:
    changed = CLIENT.replace("def name(self) -> str", "def name(self) -> int")
    status, output = compare(changed, "0.4.2")  # with where the branch left main
    assert status == 1
    assert '\nshop.client.Shop.name\n    It gives "int", not "str"\n' in output
    assert "raise the version from 0.4.2" in output
    assert compare(changed, "0.5.0")[0] == 1
    Path("CHANGELOG.md").write_text("# Changelog\n\n- The name is a number.\n")
    status, output = compare(changed, "0.5.0", "main")
    assert status == 0
    assert output.endswith("Version 0.5.0 and CHANGELOG.md announce it.\n")
    assert not list(tmp_path.rglob(".mypy_cache"))


def test_what_cannot_be_compared_is_said(compare: Compare) -> None:
    status, output = compare(CLIENT, "0.4.2", "nowhere")
    assert (status, output.startswith("breaking: git: ")) == (2, True)
    assert "nowhere" in output
    status, output = compare("def broken(:\n", "0.4.2")
    assert status == 2
    assert "shop cannot be read as Python: invalid syntax" in output
