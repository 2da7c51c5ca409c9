"""make breaking: what breaks for those who call the package."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import breaking
import pytest
from _support.callers import find_breaks

# The modules of a package; what stands behind a minus was there, what stands behind a plus is now.
CHANGES = """\
=== __init__
 from .models import Hidden
-__all__ = ["Hidden"]
+__all__ = []
=== gone
-A = 1
=== _private
-def go() -> None: ...
=== _here
-class Moved: ...
=== _there
+class Moved: ...
=== moved
-from ._here import Moved
+from ._there import Moved
 __all__ = ["Moved"]
=== models
 from attrs import define, field
 class Hidden: ...
 @define
 class Sent:
     item: str
+    day: str
 @define
 class SentLess:
-    count: int | None = None
+    count: int = 0
 @define
 class SentMoved:
+    day: str = ""
     count: int | None = None
 @define
 class SentMore:
     item: str
+    day: str = ""
 @define
 class Answered:
-    id: str
+    id: int
-    note: str | None = None
+    colour: str
     rest: dict[str, int] = field(factory=dict, kw_only=True)
=== client
 import enum
 from .models import Answered, Hidden, Sent, SentLess, SentMore, SentMoved
-LIMIT = 3
+LIMIT = 4
 class Kind(enum.StrEnum):
-    A = "a"
+    A = "b"
 class Base: ...
 class Other: ...
-class Fewer(Base, Other): ...
+class Fewer(Base): ...
-class Another(Base): ...
+class Another(Other): ...
 class Shop:
-    def removed(self) -> None: ...
+    def added(self) -> None: ...
-    def needed(self, a: str) -> None: ...
+    def needed(self, a: str, b: str) -> None: ...
-    def default(self, *, a: float | None = 30.0) -> None: ...
+    def default(self, *, a: float | None = 5.0) -> None: ...
-    def takes_less(self, a: float | None) -> None: ...
+    def takes_less(self, a: float) -> None: ...
-    def takes_more(self, a: str) -> None: ...
+    def takes_more(self, a: int | str, b: str = "") -> None: ...
-    def returns_more(self) -> str: ...
+    def returns_more(self) -> str | None: ...
-    def is_async(self) -> str: ...
+    async def is_async(self) -> str: ...
     async def watch(self, *ids: str) -> None: ...
     def unknown(self, a: Missing) -> None: ...
     def hide(self) -> Hidden: ...
     def send(self, a: Sent, b: SentLess, c: SentMoved, d: SentMore) -> Answered | None: ...
     @property
-    def name(self) -> str: ...
+    def name(self) -> int: ...
"""
BREAKS = """\
shop.Hidden: Public object was removed
shop.client.Another: It is no "Base" any more
shop.client.Fewer: Base class was removed
shop.client.Fewer: It is no "Other" any more
shop.client.Kind.A: The value was 'a' and is 'b'
shop.client.LIMIT: The value was 3 and is 4
shop.client.Shop.default: Parameter default was changed: "a" from 30.0 to 5.0
shop.client.Shop.is_async: It gives "Coroutine[Any, Any, str]", not "str"
shop.client.Shop.name: It gives "int", not "str"
shop.client.Shop.needed: Parameter was added as required: "b"
shop.client.Shop.removed: Public object was removed
shop.client.Shop.returns_more: It gives "str | None", not "str"
shop.client.Shop.takes_less: "a" was "float | None" and is "float"
shop.gone: Public object was removed
shop.models.Answered.id: It gives "int", not "str"
shop.models.Answered.note: Public object was removed
shop.models.Sent: It is def __init__(item: str, day: str) -> None, \
not def __init__(item: str) -> None
shop.models.SentLess: "count" was "int | None" and is "int"
shop.models.SentLess.count: The value was None and is 0
shop.models.SentMoved: It is def __init__(day: str = ..., count: int | None = ...) -> None, \
not def __init__(count: int | None = ...) -> None
"""


def write(package: Path, sign: str, changes: str = CHANGES, version: str = "0.4.2") -> None:
    """Write the package without the lines that have the sign."""
    package.mkdir(parents=True, exist_ok=True)
    for name, _, text in (one.partition("\n") for one in changes.split("=== ")[1:]):
        lines = [line[1:] for line in text.splitlines() if line[0] != sign]
        if lines:
            (package / f"{name}.py").write_text("\n".join([*lines, ""]), encoding="utf-8")
    (package / "_version.py").write_text(f'__version__ = "{version}"\n')


def test_each_change_that_breaks_callers_is_told_and_no_other(tmp_path: Path) -> None:
    for age, sign in (("old", "+"), ("new", "-")):
        write(tmp_path / age / "shop", sign)
    found = find_breaks(tmp_path / "old/shop", tmp_path / "new/shop")
    assert [f"{where}: {what}" for where, what in found] == BREAKS.splitlines()


def test_the_next_major_version_announces_breaks() -> None:
    for old, new in (("1.2.3", "2.0.0"), ("0.4.2", "0.5.0"), ("0.4.2", "1.0.0")):
        assert breaking.announces_breaks(old, new)
    for old, new in (("1.2.3", "1.3.0"), ("1.2.3", "0.9.0"), ("0.4.2", "0.4.3")):
        assert not breaking.announces_breaks(old, new)


def git(*arguments: str) -> None:
    author = ["-c", "user.name=A", "-c", "user.email=a@example.com"]
    subprocess.run(["git", *author, *arguments], check=True, timeout=30)


def test_a_break_fails_until_it_is_announced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def compare(code: str, version: str, *base: str) -> tuple[int, str]:
        write(Path("generated/shop"), "-", f"=== client\n {code}", version)
        monkeypatch.setattr(sys, "argv", ["breaking.py", "--package", "generated/shop", *base])
        return breaking.main(), "".join(capsys.readouterr())

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    changelog = Path("CHANGELOG.md")
    changelog.touch()
    git("init", "--quiet", "--initial-branch", "main")
    before, after = "def go() -> str: ...", "def go() -> int: ..."
    assert "make breaking BASE=" in compare(before, "0.4.2")[1]
    git("add", "--all")
    git("commit", "--quiet", "--message", "A state")

    status, output = compare(after, "0.4.2")  # with where the branch left main
    assert status == 1
    assert '\nshop.client.go\n    It gives "int", not "str"\n' in output
    assert "raise the version from 0.4.2" in output
    assert compare(after, "0.5.0")[0] == 1
    changelog.write_text("- The name is a number.\n")
    status, output = compare(after, "0.5.0", "main")
    assert status == 0
    assert output.endswith("\nVersion 0.5.0 and CHANGELOG.md announce it.\n")
    assert not list(tmp_path.rglob(".mypy_cache"))

    status, output = compare(before, "0.4.2", "nowhere")
    assert (status, output[:15], "nowhere" in output) == (2, "breaking: git: ", True)
    status, output = compare("def broken(:", "0.4.2")
    assert (status, "cannot be read as Python: shop/client.py:1: " in output) == (2, True)
