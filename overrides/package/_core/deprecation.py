"""What the specification advises against: type checkers and callers are told."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    # Type checkers know this module without its being installed.
    from typing_extensions import deprecated
else:
    F = TypeVar("F", bound=Callable[..., object])

    def deprecated(message: str) -> Callable[[F], F]:
        """Mark a function for type checkers; `warn_of` is what warns."""

        def mark(function: F) -> F:
            function.__deprecated__ = message
            return function

        return mark


def warn_of(thing: str) -> None:
    """Issue a `DeprecationWarning` about the first caller outside of this package."""
    package = __name__.partition("._core")[0]
    level, frame = 1, inspect.currentframe()
    # The frames of methods that attrs makes name no module.
    while frame and f"{frame.f_globals.get('__name__', package)}.".startswith(f"{package}."):
        level, frame = level + 1, frame.f_back
    warnings.warn(f"{thing} is deprecated by the API.", DeprecationWarning, stacklevel=level)


__all__ = ["deprecated", "warn_of"]
