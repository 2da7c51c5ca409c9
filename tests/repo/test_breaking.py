"""make breaking: what breaks for those who call the package."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import breaking
import pytest
from _support.callers import find_breaks

# The modules of a package. What stands behind a minus was there, what stands behind a plus is now,
# and behind an exclamation mark is what breaks by it.
CHANGES = """\
=== __init__
 from .models import Hidden
-__all__ = ["Hidden"]
+__all__ = []
!Hidden: Public object was removed
=== gone
-A = 1
!gone: Public object was removed
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
     a: str
+    b: str
!models.Sent: It is def __init__(a: str, b: str) -> None, not def __init__(a: str) -> None
 @define
 class SentLess:
-    a: int | None = None
+    a: int = 0
!models.SentLess: "a" was "int | None" and is "int"
!models.SentLess.a: The value was None and is 0
 @define
 class SentMoved:
+    b: str
     a: str
!models.SentMoved: It is def __init__(b: str, a: str) -> None, not def __init__(a: str) -> None
 @define
 class SentMore:
     a: str
+    b: str = ""
 @define
 class Answered:
-    id: str
+    id: int
!models.Answered.id: It gives "int", not "str"
-    note: str | None = None
!models.Answered.note: Public object was removed
+    colour: str
     rest: dict[str, int] = field(factory=dict, kw_only=True)
=== client
 import enum
 from .models import Answered, Hidden, Sent, SentLess, SentMore, SentMoved
-LIMIT = 3
+LIMIT = 4
!client.LIMIT: The value was 3 and is 4
 class Kind(enum.StrEnum):
-    A = "a"
+    A = "b"
!client.Kind.A: The value was 'a' and is 'b'
 class Base: ...
 class Other: ...
-class Fewer(Base, Other): ...
+class Fewer(Base): ...
!client.Fewer: Base class was removed
!client.Fewer: It is no "Other" any more
-class Another(Base): ...
+class Another(Other): ...
!client.Another: It is no "Base" any more
-class Made: ...
+def Made() -> Base: ...
!client.Made: Public object points to a different kind of object
 class Shop:
-    def removed(self) -> None: ...
+    def added(self) -> None: ...
!client.Shop.removed: Public object was removed
-    def needed(self, a: str) -> None: ...
+    def needed(self, a: str, b: str) -> None: ...
!client.Shop.needed: Parameter was added as required: "b"
-    def default(self, *, a: float | None = 30.0) -> None: ...
+    def default(self, *, a: float | None = 5.0) -> None: ...
!client.Shop.default: Parameter default was changed: "a" from 30.0 to 5.0
-    def takes_less(self, a: float | None) -> None: ...
+    def takes_less(self, a: float) -> None: ...
!client.Shop.takes_less: "a" was "float | None" and is "float"
-    def takes_more(self, a: str) -> None: ...
+    def takes_more(self, a: int | str, b: str = "") -> None: ...
-    def returns_more(self) -> str: ...
+    def returns_more(self) -> str | None: ...
!client.Shop.returns_more: It gives "str | None", not "str"
-    def is_async(self) -> str: ...
+    async def is_async(self) -> str: ...
!client.Shop.is_async: It gives "Coroutine[Any, Any, str]", not "str"
     async def watch(self, *ids: str) -> None: ...
     def unknown(self, a: Missing) -> None: ...
     def hide(self) -> Hidden: ...
     def send(self, a: Sent, b: SentLess, c: SentMoved, d: SentMore) -> Answered | None: ...
     @property
-    def name(self) -> str: ...
+    def name(self) -> int: ...
!client.Shop.name: It gives "int", not "str"
"""


def write(package: Path, sign: str, changes: str = CHANGES, version: str = "0.4.2") -> None:
    """Write the package without the lines that have the sign."""
    package.mkdir(parents=True, exist_ok=True)
    for name, _, text in (one.partition("\n") for one in changes.split("=== ")[1:]):
        lines = [line[1:] for line in text.splitlines() if line[0] not in (sign, "!")]
        if lines:
            (package / f"{name}.py").write_text("\n".join([*lines, ""]), encoding="utf-8")
    (package / "_version.py").write_text(f'__version__ = "{version}"\n')


def test_each_change_that_breaks_callers_is_told_and_no_other(tmp_path: Path) -> None:
    for age, sign in (("old", "+"), ("new", "-")):
        write(tmp_path / age / "shop", sign)
    found = find_breaks(tmp_path / "old/shop", tmp_path / "new/shop")
    expected = re.findall("^!(.*)", CHANGES, re.MULTILINE)
    assert sorted(f"{where}: {what}" for where, what in found) == [
        f"shop.{one}" for one in sorted(expected)
    ]


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
        write(breaking.PACKAGE, "-", f"=== client\n {code}", version)
        monkeypatch.setattr(sys, "argv", ["breaking.py", *base])
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
    assert '\nportal_v1.client.go\n    It gives "int", not "str"\n' in output
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
    assert (status, "cannot be read as Python: portal_v1/client.py:1: " in output) == (2, True)
