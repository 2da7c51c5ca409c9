"""What a server without a state cannot pass, with the reason; all else it has to pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LEFT_OUT: Final[Mapping[str, str]] = {
    "walks": "it remembers nothing, so there is nothing to hold a model against",
}
