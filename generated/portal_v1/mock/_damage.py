# Edited in overrides/package/mock/_damage.py, from where `make generate` copies it.
"""Answers that are not what the document says."""

from __future__ import annotations

import json
import re
from typing import Any

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")


def steps_of(path: str) -> list[str | int]:
    """The steps of a JSON path such as `$.id` or `$[0].id`.

    Raises:
        ValueError: It is not such a path, or names the whole body.
    """
    rest, steps = path.removeprefix("$"), list[str | int]()
    if rest and rest[0] not in ".[":
        rest = "." + rest
    position = 0
    while match := _STEP.match(rest, position):
        steps.append(int(match[2]) if match[2] else match[1])
        position = match.end()
    if not steps or position != len(rest):
        raise ValueError(f"path is a place in the answer, such as $.id or $[0].id, not {path!r}")
    return steps


def json_broken(body: bytes) -> bytes:
    """The body, no longer JSON."""
    return (body[:-1] or b"{") + b",}"


def json_changed(body: bytes, path: str, *, drop: bool) -> bytes:
    """The body without the value at the path, or with a value of another type there.

    Raises:
        LookupError: The body has nothing at the path. The text says so.
    """
    *way, last = steps_of(path)
    try:
        root = json.loads(body)
        node: Any = root
        for step in way:
            node = node[step]
        if drop:
            del node[last]
        else:
            node[last] = _another_type(node[last])
    except (LookupError, TypeError, ValueError):
        raise LookupError(f"the answer has nothing at {path}") from None
    return json.dumps(root, ensure_ascii=False, separators=(",", ":")).encode()


def json_extended(body: bytes, path: str) -> bytes:
    """The body with a value at the path, where there is none yet.

    Raises:
        LookupError: There is no object to put it into, or a value already. The text says so.
    """
    *way, last = steps_of(path)
    root: Any = None
    node: Any = None
    try:
        root = node = json.loads(body)
        for step in way:
            node = node[step]
    except (LookupError, TypeError, ValueError):
        node = None
    if not isinstance(node, dict) or last in node:
        raise LookupError(f"the answer has no room for a new field at {path}")
    node[last] = "what no document has"
    return json.dumps(root, ensure_ascii=False, separators=(",", ":")).encode()


def _another_type(value: Any) -> Any:
    return [value] if isinstance(value, (dict, bool)) else {"not": "what it was"}
