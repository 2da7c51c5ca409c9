# Edited in overrides/package/mock/_templates.py, from where `make generate` copies it.
"""A documented example that takes the state's values for the properties it knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ._examples import Examples, NoExampleError
from ._json import is_array, is_object, members
from ._schemas import Schema

Values = Mapping[str, Any]


class Template:
    """What an answer looks like, from its schema and example.

    The state knows values by property name. Those that the schema has, and that fit, take the
    place of the example's; everything else stays as the example has it. So an answer outlives
    an edit of the schema: a property that the state does not know comes from its example, one
    that was taken away is left out.
    """

    def __init__(self, schema: Schema, example: Any, examples: Examples) -> None:
        flat = examples.flat(schema)
        self._example = example
        self._required = frozenset(flat.get("required", ()))
        self._fits = {
            name: examples.schemas.validator(inner, f"property {name}").is_valid
            for name, inner in members(flat, "properties").items()
        }
        self._items: Template | None = None
        if is_array(example):
            inner = flat.get("items", True)
            try:
                first = example[0] if example else examples.unchecked(inner)
                self._items = Template(inner, first, examples)
            except NoExampleError:
                self._items = None

    def filled(self, values: Values | Sequence[Values]) -> Any:
        """The example with the values in it; for a list, an item for each.

        A list of values for which the document has no list is left out.
        """
        if not isinstance(values, Mapping):
            if self._items is None:
                return self._example
            return [self._items.filled(one) for one in values]
        if not is_object(self._example):
            return self._example
        result = dict(self._example)
        for name, value in values.items():
            fits = self._fits.get(name)
            if fits is None:
                continue
            if fits(value):
                result[name] = value
            elif value is None and name not in self._required:
                result.pop(name, None)
        return result
