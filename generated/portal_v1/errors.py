# Made by `make generate` from openapi/portal-v1.yaml and overrides/templates/errors.py.jinja.
"""The errors that this package raises.

PortalError
 ├─ ConfigurationError        the client cannot be used as it is set up
 ├─ InvalidRequestError       the request cannot be sent as asked; nothing was sent
 ├─ APIConnectionError        no answer came
 │   └─ APITimeoutError       no answer came in time
 ├─ InvalidResponseError      an answer came that is not the documented one
 └─ APIStatusError            the server answered with an error
     ├─ BadRequestError       400
     ├─ AuthenticationError   401
     ├─ PermissionDeniedError 403
     ├─ NotFoundError         404
     ├─ ConflictError         409
     ├─ RateLimitError        429
     └─ ServerError           5xx
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Self

from ._secrets import Headers, Secret


class PortalError(Exception):
    """Any failure that this package reports.

    Its message says what happened and what to do about it. It can be pickled and copied, and
    neither its message nor its repr ever holds a secret.

    Attributes:
        operation_id: The operation that was called, as the specification names it; None where
            the failure concerns no single call.
        attempts: How often it was sent.
        maybe_processed: False when the server cannot have acted on it, True when it may have.
        status_code: The status of the last answer; None where none came.
        error: What the server said went wrong, with any known secret cut out: the first text that
            its answer has in the fields error, message.
        request_id: The server's name for the request, for its support.
        retry_after: In how many seconds the server wants to be asked again.
        headers: The header fields of the last answer, looked up in any case; empty where none
            came. Known secrets, cookies and other credentials in them are masked.
        parsed: The error answer as its documented model; None where it is not that. Not pickled.
    """

    advice: ClassVar[str] = ""

    def __init__(
        self,
        message: str,
        *,
        operation_id: str | None = None,
        attempts: int = 0,
        maybe_processed: bool = False,
        status_code: int | None = None,
        error: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        headers: Mapping[str, str] | None = None,
        parsed: Any = None,
        body: bytes | None = None,
    ) -> None:
        super().__init__(message)
        self.operation_id = operation_id
        self.attempts = attempts
        self.maybe_processed = maybe_processed
        self.status_code = status_code
        self.error = error
        self.request_id = request_id
        self.retry_after = retry_after
        self.headers: Mapping[str, str] = Headers(headers or {})
        self.parsed = parsed
        self._body = Secret(body)

    @property
    def body(self) -> bytes | None:
        """The body of the last answer, whole, for the caller who must save what it says.

        It may hold secrets. It is never shown and never pickled; an unpickled error has None.
        """
        return self._body.reveal()

    def __reduce__(self) -> tuple[Any, ...]:
        state = {
            name: value for name, value in vars(self).items() if name not in {"_body", "parsed"}
        }
        return type(self), self.args, state

    def __copy__(self) -> Self:
        copied = type(self)(*self.args)
        vars(copied).update(vars(self))
        return copied.with_traceback(self.__traceback__)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self.__copy__()


class ConfigurationError(PortalError):
    """The client cannot be used as it is set up, or not here: nothing was sent."""


class InvalidRequestError(PortalError):
    """The request cannot be sent as asked, such as a client id of `..`: nothing was sent."""

    operation_id: str


class APIConnectionError(PortalError):
    """No answer came: the connection was not made, or broke."""

    advice = "Check the network, the proxy and the base URL."


class APITimeoutError(APIConnectionError):
    """No answer came within the time that the call may take."""

    advice = "Give the call more time with timeout=, or look into why the server is slow."


class InvalidResponseError(PortalError):
    """An answer came that is not the documented one; `body` keeps it."""

    advice = "What the server sent is kept in the error's body."


class APIStatusError(PortalError):
    """The server answered with an error, or with a redirect, which is never followed."""

    status_code: int


class BadRequestError(APIStatusError):
    """The server did not understand the request, or does not know what it names (400)."""

    advice = "Check the ids and values that were passed."


class AuthenticationError(APIStatusError):
    """The server does not know the key (401)."""

    advice = "Check the API key and the environment that it belongs to."


class PermissionDeniedError(APIStatusError):
    """The key is not allowed to do this (403)."""

    advice = "Check what the API key is allowed to do."


class NotFoundError(APIStatusError):
    """The server does not know what the request names (404)."""

    advice = "Check the ids that were passed, and the base URL."


class ConflictError(APIStatusError):
    """The request contradicts the state of things on the server (409)."""

    advice = "Read the current state before trying again."


class RateLimitError(APIStatusError):
    """More requests were sent than the server takes (429)."""

    advice = "Send less often: pace= keeps a client to a rate."


class ServerError(APIStatusError):
    """The server failed (5xx)."""

    advice = "Try again later."


_BY_STATUS: Final[Mapping[int, type[APIStatusError]]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    429: RateLimitError,
}


def status_error_class(status: int) -> type[APIStatusError]:
    """Return the error class for a status that is no success."""
    return _BY_STATUS.get(status, ServerError if status >= 500 else APIStatusError)
