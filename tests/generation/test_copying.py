"""What is copied into the package, and the sync twins of async modules."""

from __future__ import annotations

from pathlib import Path

import pytest
from generation.copying import copy_package, to_sync
from generation.errors import GenerationError

ASYNC = """\
from contextlib import asynccontextmanager
from .._http._async import AsyncPool, _AsyncLine
import asyncio

class AsyncThing:
    async def __aenter__(self) -> Self:
        async with self._pool as line, other:
            return await line.aclose()

    def iterate(self) -> AsyncGenerator[dict[str, int], None]:
        return [item async for item in aiter(self)]
"""
SYNC = """\
from contextlib import contextmanager
from .._http._sync import Pool, _Line
import asyncio

class Thing:
    def __enter__(self) -> Self:
        with self._pool as line, other:
            return line.close()

    def iterate(self) -> Generator[dict[str, int], None, None]:
        return [item for item in iter(self)]
"""


def test_a_module_in_async_gives_its_twin_in_sync(tmp_path: Path) -> None:
    source = tmp_path / "package" / "_room" / "_async" / "thing.py"
    source.parent.mkdir(parents=True)
    source.write_text(ASYNC)
    copy_package(tmp_path / "package", tmp_path / "made")
    for folder, text in (("_async", ASYNC), ("_sync", SYNC)):
        made = (tmp_path / "made" / "_room" / folder / "thing.py").read_text()
        first, _, rest = made.partition("\n")
        assert "overrides/package/_room/_async/thing.py" in first
        assert rest == text


def test_what_stays_asynchronous_is_named() -> None:
    with pytest.raises(GenerationError, match=r"thing\.py, line 2: this stays asynchronous"):
        to_sync("x = 1\ny = lambda: (yield from (await\\\n z))\n", "thing.py")
