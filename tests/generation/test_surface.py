"""What is told about two packages' Python surfaces."""

from __future__ import annotations

from pathlib import Path

import pytest
from generation.surface import read_surface
from generation.surface_diff import compare_surfaces, count_surface

from tests.generation._support import write_package


@pytest.fixture
def difference(tmp_path: Path) -> Difference:
    return Difference(tmp_path)


class Difference:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def between(self, old: dict[str, str], new: dict[str, str]) -> list[str]:
        before = write_package(self.folder / "old" / "shop", old)
        after = write_package(self.folder / "new" / "shop", new)
        return compare_surfaces(read_surface(before), read_surface(after), "shop")

    def of(self, old: str, new: str) -> list[str]:
        """Compare one module; return the lines below its heading."""
        lines = self.between({"client": old}, {"client": new})
        if lines:
            assert lines.pop(0) == "shop.client"
        return [line.strip() for line in lines]


def test_equal_surfaces(difference: Difference) -> None:
    old = "class A:\n    x: int\n\n    def go(self) -> None: ...\n"
    new = (
        '"""A remark."""\n\nclass A:\n    """Another."""\n    x: int\n\n'
        "    def go(self) -> None:\n        return None\n"
    )
    assert difference.of(old, new) == []


def test_a_method_is_added(difference: Difference) -> None:
    old = "class Clients:\n    def get(self, client_id: str) -> int: ...\n"
    new = (
        f"{old}    def delete(self, client_id: str, *, reason: str | None = None,"
        " timeout: float=30.0) -> None: ...\n"
        "    async def watch(self, *ids: str, **options: int): ...\n"
        "    @staticmethod\n    def make(x, /, y=1): ...\n"
        "    @classmethod\n    def load(cls, path: str) -> Clients: ...\n"
    )
    parameters = "client_id: str, *, reason: str | None = None, timeout: float = 30.0"
    assert difference.of(old, new) == [
        f"+ Clients.delete({parameters}) -> None",
        "+ async Clients.watch(*ids: str, **options: int)",
        "+ Clients.make(x, /, y=1)",
        "+ Clients.load(path: str) -> Clients",
    ]


def test_a_field_is_removed_or_altered(difference: Difference) -> None:
    old = (
        "class Client:\n    address: str\n    status: str | None\n    pages: int = 1\n"
        "    size = 3\n"
    )
    new = "class Client:\n    address: str | None\n    pages: int = 2\n    size: int = 3\n"
    assert difference.of(old, new) == [
        "- Client.status: str | None",
        "~ Client.address: str → str | None",
        "~ Client.pages = 1 → 2",
        "~ Client.size: no type → int",
    ]


def test_fields_of_attrs_have_their_defaults(difference: Difference) -> None:
    old = "class A:\n    key: str = field(repr=mask)\n    names: list[str] = field(factory=list)\n"
    new = (
        "class A:\n    key: str = field(repr=hide)\n"
        "    names: list[str] = attrs.field(default=(), repr=False)\n"
    )
    assert difference.of(old, new) == ["~ A.names = list() → ()"]


def test_a_parameter_is_added_removed_altered_and_moved(difference: Difference) -> None:
    old = "def call(a: int, b: str, c: bool = True, *, d: int) -> str: ...\n"
    new = "async def call(b: str, a: float, *, d: int = 0, e: str, c: bool = True): ...\n"
    (line,) = difference.of(old, new)
    assert line.removeprefix("~ call(): ").split("; ") == [
        "~ a: int → float",
        "~ d: int → int = 0",
        "+ e: str",
        "~ c: bool = True (positional or keyword → keyword-only)",
        "order a, b → b, a",
        "returns str → no type",
        "async now",
    ]


def test_an_overload_is_added(difference: Difference) -> None:
    head = "from typing import overload\n\nclass A:\n"
    one = "    @overload\n    def f(self, a: int) -> int: ...\n"
    two = "    @overload\n    def f(self, a: str) -> str: ...\n"
    rest = "    def f(self, a): ...\n"
    (line,) = difference.of(head + one + rest, head + one + two + rest)
    assert line == "~ A.f(): overloads (a: int) -> int, (a: str) -> str"


def test_a_class_that_is_gone_takes_one_line(difference: Difference) -> None:
    old = "class A:\n    x: int\n    def f(self): ...\n\nclass B(A):\n    y: int\n"
    new = "class B(Exception):\n    y: int\n"
    assert difference.of(old, new) == ["- class A", "~ class B(A) → class B(Exception)"]


def test_members_of_enums_and_constants(difference: Difference) -> None:
    old = "LIMIT = 1\nclass E(StrEnum):\n    A = 'a'\n"
    new = f"LIMIT = 2\nTEXT: str = '{'x' * 90}'\nclass E(StrEnum):\n    A = 'a'\n    B = 'b'\n"
    assert difference.of(old, new) == [
        "+ TEXT: str = '" + "x" * 58 + "…",
        "+ E.B = 'b'",
        "~ LIMIT = 1 → 2",
    ]


def test_an_object_that_a_module_makes_is_told_by_its_type(difference: Difference) -> None:
    old = "CALL: Final[Operation[int]] = Operation(id='a')\nMADE = make(1)\n"
    new = "CALL: Final[Operation[str]] = Operation(id='b')\nMADE = make(2)\n"
    assert difference.of(old, new) == [
        "~ CALL: Final[Operation[int]] → Final[Operation[str]]",
        "~ MADE = make(1) → make(2)",
    ]


def test_what_begins_with_an_underscore_is_nobodys_business(difference: Difference) -> None:
    assert (
        difference.between(
            {"client": "class A: ...\n", "_core/call": "class B: ...\n"},
            {
                "client": "_x = 1\nclass _B: ...\nclass A:\n    _y: int\n    def _z(self): ...\n",
                "_core/call": "class C: ...\n",
                "_core/new": "class D: ...\n",
            },
        )
        == []
    )


def test_a_constructor_counts(difference: Difference) -> None:
    old = "class A:\n    def __init__(self, key: str) -> None: ...\n"
    new = "class A:\n    def __init__(self, key: str, *, pace: int | None = None) -> None: ...\n"
    assert difference.of(old, new) == ["~ A(): + pace: int | None = None"]
    assert difference.of("", new) == [
        "+ class A",
        "+ A(key: str, *, pace: int | None = None) -> None",
    ]


def test_a_dataclass_is_told_once(difference: Difference) -> None:
    old = "from dataclasses import dataclass\n@dataclass\nclass A:\n    x: int\n"
    assert difference.of(old, f"{old}    y: int = 3\n") == ["+ A.y: int = 3"]


def test_private_code_that_is_exported_or_inherited(difference: Difference) -> None:
    package = {
        "__init__": "from ._core.errors import Fault\n__all__ = ['Fault']\n",
        "client": "from ._core.errors import Base\nclass Client(Base):\n    x: int\n",
    }
    old = "class Base:\n    def close(self): ...\nclass Fault(Exception):\n    status: int\n"
    new = (
        "class Base:\n    def close(self, wait: bool): ...\n"
        "class Fault(Exception):\n    status: int | None\n"
    )
    assert difference.between(
        {**package, "_core/errors": old}, {**package, "_core/errors": new}
    ) == [
        "shop",
        "  ~ Fault.status: int → int | None",
        "shop.client",
        "  ~ Client.close(): + wait: bool",
    ]


def test_exports_are_grouped(difference: Difference) -> None:
    old = {"__init__": "from .a import A\n__all__ = ('A',)\n", "a": "class A: ...\nclass B: ...\n"}
    new = {**old, "__init__": "from .a import B, C\n__all__ = ('B', 'C')\n"}
    assert difference.between(old, new) == ["shop", "  + exports B, C", "  - exports A"]


def test_a_module_is_added_with_what_is_in_it(difference: Difference) -> None:
    assert difference.between({}, {"models/pet": "class Pet:\n    name: str\n"}) == [
        "shop.models.pet",
        "  + class Pet",
        "  + Pet.name: str",
    ]


def test_counting(tmp_path: Path) -> None:
    package = write_package(
        tmp_path / "shop", {"a": "X = 1\nclass A:\n    y: int\n    def f(self): ...\n"}
    )
    assert (
        count_surface(read_surface(package))
        == "1 classes, 1 functions and methods, 2 fields and constants"
    )


def test_imports_that_lead_nowhere_do_no_harm(difference: Difference) -> None:
    text = (
        "from nowhere import X\nfrom ._gone import Y\n__all__ = ['X', 'Y', 'Z']\nclass A(X): ...\n"
    )
    assert difference.of(text, text) == []
