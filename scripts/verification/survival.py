"""What of an answer did not survive the client: it is to keep all, fields it does not know too."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterator
from typing import Any

from .comparison import step


def lost(sent: Any, kept: Any, place: str = "$") -> Iterator[str]:
    """Yield the places of an answer that the client lost or changed.

    Args:
        sent: The JSON value that the server sent.
        kept: The JSON value that the client makes of its model.
        place: Where they stand.
    """
    if isinstance(sent, dict) and isinstance(kept, dict):
        for name, value in sent.items():
            # What is optional reads as None whether it is null or absent.
            if value is not None or kept.get(name) is not None:
                if name in kept:
                    yield from lost(value, kept[name], place + step(name))
                else:
                    yield place + step(name)
    elif isinstance(sent, list) and isinstance(kept, list) and len(sent) == len(kept):
        found = (one for pair in zip(sent, kept, strict=True) for one in lost(*pair, f"{place}[]"))
        yield from dict.fromkeys(found)
    elif not _same(sent, kept):
        yield place


def _same(sent: Any, kept: Any) -> bool:
    if sent == kept and isinstance(sent, bool) is isinstance(kept, bool):
        return True
    if not (isinstance(sent, str) and isinstance(kept, str)):
        return False
    for read in (datetime.datetime.fromisoformat, uuid.UUID):  # one value has many texts
        try:
            if read(sent) == read(kept):
                return True
        except ValueError:
            continue
    return False
