# Edited in overrides/package/mock/_bodies.py, from where `make generate` copies it.
"""Request bodies: media type, JSON, schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ._json import members
from ._media import best_range, essence, is_json
from ._messages import RefusalError, bad_request
from ._schemas import Schemas, Validator


@dataclass(frozen=True, slots=True)
class RequestBody:
    """The documented body of an operation."""

    required: bool
    content: Mapping[str, Validator | None] = field(repr=False)  # by media type or range

    def read(self, content_type: str, body: bytes) -> Any:
        """The body's value: parsed and validated where it is JSON, its bytes where it is not.

        None stands for a body that was left out where it may be.

        Raises:
            RefusalError: It is missing, of another media type, not JSON, or against its schema.
        """
        if not body:
            if self.required:
                raise bad_request("request body: is required, and missing")
            return None
        key = best_range(self.content, content_type) if content_type else None
        if key is None:
            given = essence(content_type) or "no Content-Type"
            raise RefusalError(
                (415, 400, 422),
                f"request body: must be {' or '.join(self.content)}, came with {given}",
            )
        if not is_json(content_type):
            return body
        value = parse_json(body)
        validator = self.content[key]
        problem = validator.problem(value) if validator is not None else None
        if problem is not None:
            raise bad_request(f"request body: {problem}")
        return value


def read_undocumented(body: bytes) -> None:
    """Check the body of a request that is documented without one: nothing, or `{}`.

    Raises:
        RefusalError: There is something else.
    """
    if body and parse_json(body) != {}:
        raise bad_request("request body: none is documented; send nothing, or {}")


def parse_json(body: bytes) -> Any:
    """Parse JSON strictly: UTF-8, and no NaN or Infinity.

    Raises:
        RefusalError: It is not JSON.
    """
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise bad_request(f"request body: is not JSON ({place})") from None
    except (ValueError, RecursionError):
        raise bad_request("request body: is not JSON") from None


def compile_body(schemas: Schemas, node: Any, where: str) -> RequestBody | None:
    """The request body of an operation, None where the document has none."""
    if node is None:
        return None
    body = schemas.resolve(node)
    return RequestBody(
        required=body.get("required") is True,
        content={
            essence(media_type): schemas.validator(media["schema"], f"{where}, request body")
            if "schema" in media and _may_be_json(media_type)
            else None
            for media_type, media in members(body, "content").items()
        },
    )


def _may_be_json(media_type: str) -> bool:
    return is_json(media_type) or "*" in media_type


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
