# Edited in overrides/package/_core/settings.py, from where `make generate` copies it.
"""What a client is set up with, checked once."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeGuard, cast
from urllib.parse import unquote, urlsplit

from attrs import evolve, field, frozen

from .._secrets import Secret, list_names, mask
from ..errors import ConfigurationError
from ..types import Unset
from .clock import Clock, SystemClock
from .events import Observer, validate_observer
from .pace import Pace
from .service import ServiceInfo

_YEAR: Final = 365 * 24 * 3600.0  # seconds
_HOST: Final = r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(:\d{1,5})?"
_PATH: Final = r"([A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*"
_KEY: Final = r"[\x21-\x7e]+"
_HEADER_NAME: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_HEADER_VALUE: Final = r"[\x21-\x7e]([\t\x20-\x7e]*[\x21-\x7e])?"
_OWN_HEADERS: Final = frozenset(
    {
        *("accept-encoding", "authorization", "connection", "content-length", "content-type"),
        *("expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"),
    }
)


@frozen
class Settings:
    """A client's settings, all of them checked.

    Attributes:
        service: The service that the client is for.
        key: The key, or what gives it; None where no operation needs one.
        keys: The keys of other security schemes, or what gives them, by the scheme's name.
        base_url: Where the service is, without a slash at the end.
        timeout: Seconds that a whole call may take; None for as long as it takes.
        connect_timeout: Seconds that making a connection may take; None for as long as there is.
        keepalive: Seconds after which an idle connection is not used any more; None for no end.
        max_attempts: How often a call is sent at the most.
        pace: How fast to send; None for as fast as calls come.
        max_response_bytes: How large an answer's body may be; None for what suits its kind.
        headers: Header fields sent with every request.
        clock: Where time and jitter come from.
        observer: What is told of each step of a call.
    """

    service: ServiceInfo
    # What gives a key may show it in its own repr, as functools.partial does.
    key: Secret[str] | Callable[[], Any] | None = field(repr=mask)
    base_url: str
    timeout: float | None
    connect_timeout: float | None
    keepalive: float | None
    max_attempts: int
    pace: Pace | None
    max_response_bytes: int | None
    headers: tuple[tuple[str, str], ...] = field(repr=lambda h: list_names(dict(h)))
    keys: Mapping[str, Secret[str] | Callable[[], Any]] = field(
        factory=dict[str, Secret[str] | Callable[[], Any]], repr=list_names
    )
    clock: Clock = field(factory=SystemClock, repr=False)
    observer: Observer | None = field(default=None, repr=False)

    def for_scheme(self, name: str | None) -> Settings:
        """Return the settings with the key of another security scheme, where there is one."""
        key = self.keys.get(name or "")
        return self if key is None else evolve(self, key=key)

    def with_headers(self, headers: Mapping[str, str]) -> Settings:
        """Return the settings with more header fields, which take the place of the same names.

        Raises:
            ConfigurationError: One of them cannot be used.
        """
        more = _validate_headers(Secret(headers))
        names = {name.lower() for name, _ in more}
        kept = (field for field in self.headers if field[0].lower() not in names)
        return evolve(self, headers=(*kept, *more))


def build_settings(service: ServiceInfo, *, base_url: Secret[Any], **given: Any) -> Settings:
    """Return the settings that these arguments and the environment make.

    Arguments that may hold a secret come wrapped: no frame of this package holds them bare.

    Raises:
        ConfigurationError: One of them cannot be used, or is missing.
    """
    return Settings(
        service=service, base_url=_base_url(base_url, service), **_validate(given, service)
    )


def replace_settings(settings: Settings, **given: Any) -> Settings:
    """Return settings with what is given changed; UNSET leaves a setting as it is.

    Raises:
        ConfigurationError: One of them cannot be used.
    """
    return evolve(settings, **_validate(given, settings.service))


def _validate(given: Mapping[str, Any], service: ServiceInfo) -> dict[str, Any]:
    validators: dict[str, Callable[[Any], Any]] = {
        "key": lambda key: _key_source(key, service),
        "timeout": lambda seconds: validate_timeout(seconds, "timeout"),
        "connect_timeout": lambda seconds: validate_timeout(seconds, "connect_timeout"),
        "keepalive": lambda seconds: validate_timeout(seconds, "keepalive"),
        "max_attempts": validate_attempts,
        "pace": _validate_pace,
        "max_response_bytes": _validate_size,
        "headers": _validate_headers,
        "clock": lambda clock: clock,
        "observer": lambda observer: validate_observer(observer, service),
        "keys": lambda keys: _other_keys(keys, service),
    }
    return {
        name: validators[name](value)
        for name, value in given.items()
        if not isinstance(value.reveal() if isinstance(value, Secret) else value, Unset)
    }


def validate_key(key: Secret[Any], origin: str) -> Secret[str]:
    """Return the key if it can stand in a header.

    Raises:
        ConfigurationError: It cannot; `origin` says where it came from, it is not shown.
    """
    if not isinstance(key.reveal(), str):
        problem = f"is {type(key.reveal()).__name__}, not a string"
    elif not key.reveal():
        problem = "is empty"
    elif key.reveal() != key.reveal().strip():
        problem = "begins or ends with white space or a line break"
    elif not re.fullmatch(_KEY, key.reveal()):
        problem = "holds a character that cannot stand in a header"
    else:
        return key
    raise ConfigurationError(f"The API key {origin} {problem}. Copy it again from the dashboard.")


def validate_timeout(seconds: object, name: str) -> float | None:
    """Return a number of seconds if it is one that can be waited.

    Raises:
        ConfigurationError: It is not.
    """
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise ConfigurationError(
            f"{name} is a number of seconds or None, not {type(seconds).__name__}."
        )
    if not 0 < seconds <= _YEAR:
        raise ConfigurationError(
            f"{name} has to be over 0 seconds, and a year at the most; None waits without an end."
        )
    return float(seconds)


def validate_attempts(attempts: object) -> int:
    """Return a number of attempts if it is one.

    Raises:
        ConfigurationError: It is not.
    """
    if isinstance(attempts, bool) or not isinstance(attempts, int) or attempts < 1:
        raise ConfigurationError("max_attempts is a whole number from 1; 1 sends once.")
    return attempts


def _key_source(key: Secret[Any], service: ServiceInfo) -> Secret[str] | Callable[[], Any] | None:
    if callable(key.reveal()):
        source: Callable[[], Any] = key.reveal()
        return source
    if key.reveal() is not None:
        return validate_key(key, "that was given")
    from_environment = Secret(os.environ.get(service.key_variable))
    if from_environment.reveal() is not None:
        return validate_key(from_environment, f"in {service.key_variable}")
    if not service.needs_key:
        return None
    raise ConfigurationError(
        f"There is no API key. Pass api_key=, or set {service.key_variable} in the environment."
    )


def _other_keys(
    keys: Secret[Any], service: ServiceInfo
) -> dict[str, Secret[str] | Callable[[], Any]]:
    """Return the keys of other security schemes, given or from the environment."""
    unknown = [name for name in keys.reveal() or () if name not in service.other_schemes]
    if unknown:
        raise ConfigurationError(
            f"There is no security scheme {unknown[0]!r}; known are "
            f"{', '.join(service.other_schemes)}."
        )
    found: dict[str, Secret[str] | Callable[[], Any]] = {}
    for name in service.other_schemes:
        variable = f"{service.environment}_{re.sub(r'[^A-Z0-9]+', '_', name.upper())}"
        key: Secret[Any] = Secret(
            cast("Mapping[str, Any]", keys.reveal() or {}).get(name, os.environ.get(variable))
        )
        if callable(key.reveal()):
            found[name] = key.reveal()
        elif key.reveal() is not None:
            found[name] = validate_key(key, f"for {name}")
    return found


def _base_url(url: Secret[Any], service: ServiceInfo) -> str:
    origin = "base_url"
    if url.reveal() is None:
        url = Secret(os.environ.get(service.url_variable))
        origin = service.url_variable
    if url.reveal() is None:
        url = Secret(service.base_url)
        origin = "the specification's server URL"
    if url.reveal() is None:
        raise ConfigurationError(
            f"There is no base URL. Pass base_url=, or set {service.url_variable}."
        )
    problem = _url_problem(url.reveal())
    if problem:
        raise ConfigurationError(f"{origin} {problem}.")
    checked: str = url.reveal()
    parts = urlsplit(checked)
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")


def _url_problem(url: Any) -> str | None:
    if not isinstance(url, str):
        return f"is {type(url).__name__}, not a string"
    if not re.fullmatch(r"[\x21-\x7e]+", url):
        return "is empty, or holds white space or a character that is not ASCII"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not a URL"
    if parts.scheme not in {"http", "https"} or not host:
        return "has to be a whole URL such as https://api.example.com/v1"
    if parts.username is not None or parts.password is not None:
        return "holds a user name or password, which has no place in it"
    if parts.query or parts.fragment or "?" in url or "#" in url:
        return "holds a query or a fragment, which has no place in it"
    if not re.fullmatch(_HOST, parts.netloc) or not re.fullmatch(_PATH, parts.path):
        return "holds a character that has to be percent-encoded, or has no place in it"
    if {".", ".."} & set(unquote(parts.path).split("/")):
        return "holds a path segment of dots, which would lead to another path"
    if parts.scheme == "http" and not is_loopback(host):
        return "is not https: the API key would cross the network in the clear"
    return None


def is_loopback(host: str) -> bool:
    """Return whether a host's name or address is this machine's by itself."""
    # What such a name stands for is looked at when a connection is made.
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _validate_pace(pace: object) -> Pace | None:
    if not isinstance(pace, Pace | None):
        raise ConfigurationError(f"pace is a Pace, such as Pace(200), not {type(pace).__name__}.")
    return pace


def _validate_size(size: object) -> int | None:
    if size is not None and (isinstance(size, bool) or not isinstance(size, int) or size < 1):
        raise ConfigurationError("max_response_bytes is a whole number of bytes from 1, or None.")
    return size


def _validate_headers(headers: Secret[Any]) -> tuple[tuple[str, str], ...]:
    problem = _headers_problem(headers.reveal())
    if problem:
        raise ConfigurationError(problem)
    given: Mapping[str, str] = headers.reveal() or {}
    return tuple(given.items())


def _headers_problem(headers: Any) -> str | None:
    if headers is None:
        return None
    if not _is_mapping(headers):
        return "headers is a mapping of names to values."
    for name, value in headers.items():
        if not isinstance(name, str) or not re.fullmatch(_HEADER_NAME, name):
            return "headers holds a name that cannot be one of a header."
        if name.lower() in _OWN_HEADERS:
            return f"The header {name} is the client's own to set."
        if not _is_header_value(value):
            return f"The value for the header {name} cannot stand in a header."
    return None


def _is_mapping(value: Any) -> TypeGuard[Mapping[Any, Any]]:
    return isinstance(value, Mapping)


def _is_header_value(value: Any) -> bool:
    return isinstance(value, str) and (not value or re.fullmatch(_HEADER_VALUE, value) is not None)
