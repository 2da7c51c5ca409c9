"""make breaking: what changed for Python callers, and what of it breaks them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract._compatibility_support import CHANGELOG, TOLD, Run, Shop, shop

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
    def use(self, order: elsewhere.Order) -> None: ...
"""

BREAKS = [
    ("a method is gone", "    async def watch(self, *ids: str) -> None: ...\n", "", "Shop.watch"),
    ("a method is renamed", "def get(", "def fetch(", "Shop.get"),
    ("a class is gone", "class Shop:", "class Store:", "class Shop"),
    ("an argument is renamed", "order_id: str", "id: str", "argument order_id"),
    ("an argument is needed", "order_id: str,", "order_id: str, shop: str,", "argument shop"),
    ("an argument has no default now", ' = ""', "", "argument note"),
    ("a default is another", "= 30.0", "= 5.0", "argument timeout"),
    ("an argument takes less", "float | None = 30.0", "float = 30.0", "argument timeout"),
    ("an argument is by keyword only", "wish: Wish, note", "wish: Wish, *, note", "argument note"),
    (
        "arguments have changed places",
        'wish: Wish, note: str = ""',
        'note: str = "", wish: Wish | None = None',
        "order of arguments",
    ),
    (
        "an argument stands before another",
        "wish: Wish, note",
        'wish: Wish, day: str = "", note',
        "order of arguments",
    ),
    ("more is returned", "-> Order:", "-> Order | None:", "what it returns"),
    ("it is async now", "    def get(", "    async def get(", "how it is called"),
    ("it is no longer async", "async def watch", "def watch", "how it is called"),
    ("a property is gone", "    @property\n    def name(self) -> str: ...\n", "", "Shop.name"),
    ("a property's type is another", "def name(self) -> str", "def name(self) -> int", "Shop.name"),
    ("a constant is another", "LIMIT = 3", "LIMIT = 4", "LIMIT"),
]
KEEPS = [
    (
        "a method is added",
        "    @property",
        "    def go(self) -> None: ...\n    @property",
        "Shop.go",
    ),
    ("an argument is added", "= 30.0)", "= 30.0, day: str = 'x')", "argument day"),
    ("an argument takes more", "order_id: str", "order_id: int | str", "argument order_id"),
    ("an argument takes anything", "order_id: str", "order_id: Any", "argument order_id"),
    ("an argument has a default now", "wish: Wish,", "wish: Wish = W,", "argument wish"),
    ("less is returned", "-> Order | None", "-> Order", "what it returns"),
    ("a keyword may be a position", "*, timeout", "timeout", "argument timeout"),
    ("a constant is added", "LIMIT = 3", "LIMIT = 3\nMOST = 4", "constant MOST"),
]
MODEL_BREAKS = [
    ("a sent model needs more", "    item: str\n", "    item: str\n    day: str\n", "Wish.day"),
    ("a sent model takes less", "count: int | None", "count: int", "Wish.count"),
    (
        "a sent model is made in another order",
        "    count: int | None = None\n",
        "    day: str = ''\n    count: int | None = None\n",
        "order of the fields of Wish",
    ),
    ("an answered model has less", "    note: str | None = None\n", "", "Order.note"),
    ("an answered field may be None", "id: str", "id: str | None", "Order.id"),
    ("an answered field is another", "id: str", "id: int", "Order.id"),
]
MODEL_KEEPS = [
    ("a sent model takes something else", "item: str", "item: str | int", "Wish.item"),
    ("a sent model takes more", "= None\n", "= None\n    day: str = ''\n", "Wish.day"),
    ("an answer has more", "    id: str\n", "    id: str\n    colour: str\n", "Order.colour"),
    ("an answered field is never None", "note: str | None = None", "note: str", "Order.note"),
]


@pytest.fixture
def old(tmp_path: Path) -> Shop:
    made = shop(tmp_path / "shop")
    made.code(client=CLIENT, models=MODELS)
    made.write(CHANGELOG, "")
    made.commit()
    made.write(CHANGELOG, TOLD)
    return made


def compared(old: Shop, client: str, models: str) -> Run:
    assert (client, models) != (CLIENT, MODELS)
    old.code(client=client, models=models)
    return old.compare()


@pytest.mark.parametrize(("name", "before", "after", "shown"), BREAKS)
def test_a_break_for_callers(old: Shop, name: str, before: str, after: str, shown: str) -> None:
    run = compared(old, CLIENT.replace(before, after, 1), MODELS)
    assert run.status == 1
    assert any(shown in row for row in run.breaks), run.rows


@pytest.mark.parametrize(("name", "before", "after", "shown"), KEEPS)
def test_no_break_for_callers(old: Shop, name: str, before: str, after: str, shown: str) -> None:
    run = compared(old, CLIENT.replace(before, after, 1), MODELS)
    assert (run.status, run.breaks) == (0, [])
    assert any(shown in row for row in run.rows), run.rows


@pytest.mark.parametrize(("name", "before", "after", "shown"), MODEL_BREAKS)
def test_a_break_in_a_model(old: Shop, name: str, before: str, after: str, shown: str) -> None:
    run = compared(old, CLIENT, MODELS.replace(before, after, 1))
    assert run.status == 1
    assert any(shown in row for row in run.breaks), run.rows


@pytest.mark.parametrize(("name", "before", "after", "shown"), MODEL_KEEPS)
def test_no_break_in_a_model(old: Shop, name: str, before: str, after: str, shown: str) -> None:
    run = compared(old, CLIENT, MODELS.replace(before, after, 1))
    assert (run.status, run.breaks) == (0, [])
    assert any(shown in row for row in run.rows), run.rows


def test_a_base_is_gone_or_added(old: Shop) -> None:
    old.code(client=CLIENT, models=MODELS.replace("class Both:", "class Both(Order, Wish):"))
    assert old.compare().breaks == []
    old.git("commit", "--quiet", "--all", "--message", "Bases")
    old.code(client=CLIENT, models=MODELS.replace("class Both:", "class Both(Order):"))
    assert len(old.compare().breaks) == 1


def test_a_module_is_gone_or_added(old: Shop) -> None:
    old.code(more="A = 1\n")
    (row,) = old.compare().rows
    assert row.startswith("| fine | Python | module more ")
    old.commit()
    (old.root / "generated/shop/more.py").unlink()
    (row,) = old.compare().breaks
    assert row.startswith("| **BREAKING** | Python | module more ")


def test_a_name_is_no_longer_exported(old: Shop) -> None:
    both = "from .models import Order, Wish\n__all__ = ['Order', 'Wish']\n"
    old.write("generated/shop/__init__.py", both)
    assert old.compare().breaks == []
    old.commit()
    old.write("generated/shop/__init__.py", "from .models import Order\n__all__ = ['Order']\n")
    (row,) = old.compare().breaks
    assert "export Wish (the package)" in row


def test_what_has_an_underscore_is_nobodys(old: Shop) -> None:
    old.code(_private="def go(): ...\n")
    old.commit()
    old.code(_private="")
    assert old.compare().rows == []


@pytest.mark.parametrize(("number", "status"), [("0.4.3", 1), ("0.5.0", 0), ("1.0.0", 0)])
def test_a_break_for_callers_asks_for_the_next_version_of_the_package(
    old: Shop, number: str, status: int
) -> None:
    old.version(number)
    run = compared(old, CLIENT.replace("def get(", "def fetch("), MODELS)
    assert run.status == status
    assert ("it has to become 0.5.0" in run.output) == (status == 1)


def test_the_same_change_in_many_functions_takes_one_line(old: Shop) -> None:
    client = CLIENT.replace("-> Order:", "-> int:").replace("-> Order | None:", "-> Order:")
    twins = f"{client}\nclass Other:\n    def create(self, wish: Wish) -> Order: ...\n"
    old.code(client=twins, models=MODELS)
    old.commit()
    old.code(client=twins.replace("wish: Wish", "hope: Wish"), models=MODELS)
    rows = [row for row in old.compare().breaks if "argument wish" in row]
    assert len(rows) == 1
    assert "client.Shop.create(), client.Other.create()" in rows[0]
