"""The mock's own README says what is."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import portal_v1
import pytest
from portal_v1.mock import FAULTS, MockPortal

README = (Path(portal_v1.__file__).parent / "mock" / "README.md").read_text("utf-8")


def test_every_fault_is_in_the_table_with_its_settings() -> None:
    rows = {}
    for line in README.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        for name in re.findall(r"`(\w+)`", cells[1]) if len(cells) == 7 else ():
            rows[name] = cells[2]
    assert rows.keys() == FAULTS.keys()
    for name, kind in FAULTS.items():
        for one in fields(kind):  # type: ignore[arg-type]
            quote = '"' if isinstance(one.default, str) else ""
            shown = f"{one.name}={quote}{one.default}{quote}" if one.default != "" else one.name
            assert f"`{shown}`" in rows[name]


def test_the_example_of_faults_runs(mock: MockPortal) -> None:
    (example,) = re.findall(r"```python\n(.+?)```", README, re.DOTALL)
    exec(example, {"mock": mock})  # noqa: S102
    assert not mock.faults


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`mock\.(\w+)", README))))
def test_every_name_is_there(mock: MockPortal, name: str) -> None:
    assert hasattr(mock, name)
