"""What a client is set up with, checked once."""

from __future__ import annotations

import inspect
import ipaddress
import logging
import os
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypeGuard, cast
from urllib.parse import unquote, urlsplit

from attrs import evolve, field, frozen

from .._secrets import Secret, list_names, mask
from ..errors import ConfigurationError
from ..types import Unset
from .clock import Clock, SystemClock
from .pace import Pace

_YEAR: Final = 365 * 24 * 3600.0  # seconds
_TIME: Final = "a number of seconds, over 0 and a year at the most; None waits without an end"
_HOST: Final = r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(:\d{1,5})?"
_PATH: Final = r"([A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*"
_HEADER_NAME: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_HEADER_VALUE: Final = r"([\x21-\x7e]([\t\x20-\x7e]*[\x21-\x7e])?)?"
_OWN_HEADERS: Final = frozenset(
    {
        *("accept-encoding", "authorization", "connection", "content-length", "content-type"),
        *("expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"),
    }
)


def is_count(value: object) -> TypeGuard[int]:
    return type(value) is int and value >= 1


def _is_time(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value is None or (is_number and 0 < cast("float", value) <= _YEAR)


_RULES: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = {
    **dict.fromkeys(("timeout", "connect_timeout", "keepalive"), (_is_time, _TIME)),
    "max_attempts": (is_count, "a whole number from 1; 1 sends once"),
    "max_response_bytes": (
        lambda size: size is None or is_count(size),
        "a whole number of bytes from 1, or None",
    ),
    "pace": (lambda pace: isinstance(pace, Pace | None), "a Pace, such as Pace(200)"),
}
KeySource = Secret[str] | Callable[[], Any]
"""A key, or what gives it."""


class ServiceInfo(NamedTuple):
    """The facts of the specification that concern no single operation."""

    name: str
    base_url: str | None
    environment: str  # the prefix of the environment variables
    key_variable: str  # where the key is taken from, if none is given
    url_variable: str  # where the base URL is taken from, if none is given
    content_type: str | None  # sent on every request; None to send one with a body only
    error_fields: tuple[str, ...]  # where an error says what went wrong, first choice first
    user_agent: str
    logger: str
    needs_key: bool  # whether any operation does
    other_schemes: tuple[str, ...] = ()  # of security, each with a key of its own


@frozen
class Settings:
    """A client's settings, all of them checked."""

    service: ServiceInfo
    # What gives a key may show it in its own repr, as functools.partial does.
    key: KeySource | None = field(repr=mask)  # None where no operation needs one
    base_url: str  # without a slash at the end
    timeout: float | None  # seconds, as the next two; None for no end
    connect_timeout: float | None
    keepalive: float | None
    max_attempts: int
    pace: Pace | None
    max_response_bytes: int | None  # None for what suits the kind of an answer
    headers: tuple[tuple[str, str], ...] = field(repr=lambda h: list_names(dict(h)))
    # The keys of other security schemes, by the scheme's name.
    keys: Mapping[str, KeySource] = field(factory=dict[str, KeySource], repr=list_names)
    clock: Clock = field(factory=SystemClock, repr=False)
    observer: Callable[[Any], object] | None = field(default=None, repr=False)

    def with_headers(self, headers: Mapping[str, str]) -> Settings:
        """Return the settings with more header fields, which take the place of the same names."""
        more = _validate_headers(Secret(headers), self.service)
        names = {name.lower() for name, _ in more}
        kept = (field for field in self.headers if field[0].lower() not in names)
        return evolve(self, headers=(*kept, *more))


def build_settings(service: ServiceInfo, **given: Any) -> Settings:
    """Return the settings that these arguments and the environment make.

    Arguments that may hold a secret come wrapped: no frame of this package holds them bare.
    """
    return Settings(service=service, **_validate(given, service))


def replace_settings(settings: Settings, **given: Any) -> Settings:
    """Return settings with what is given changed; UNSET leaves a setting as it is."""
    return evolve(settings, **_validate(given, settings.service))


def _validate(given: Mapping[str, Any], service: ServiceInfo) -> dict[str, Any]:
    validated: dict[str, Any] = {
        name: value
        for name, value in given.items()
        if not isinstance(value.reveal() if isinstance(value, Secret) else value, Unset)
    }
    for name, value in validated.items():
        if name in _RULES:
            is_right, expected = _RULES[name]
            if not is_right(value):
                raise ConfigurationError(f"{name} is {expected}.")
        if name in _VALIDATORS:
            validated[name] = _VALIDATORS[name](value, service)
    return validated


def validate_key(key: Secret[Any], origin: str) -> Secret[str]:
    """Return the key if it can stand in a header; else say so of its `origin`."""
    if not isinstance(key.reveal(), str):
        problem = f"is {type(key.reveal()).__name__}, not a string"
    elif not key.reveal():
        problem = "is empty"
    elif not _is_visible(key.reveal()):
        problem = "holds white space or a character that cannot stand in a header"
    else:
        return key
    raise ConfigurationError(f"The API key {origin} {problem}. Copy it again from the dashboard.")


def _is_visible(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text


def _find_key(given: Secret[Any], origin: str, variable: str) -> KeySource | None:
    """Return the key that was given, or that of the environment; None where there is neither."""
    if given.reveal() is None:
        given, origin = Secret(os.environ.get(variable)), f"in {variable}"
    if callable(given.reveal()):
        source: Callable[[], Any] = given.reveal()
        return source
    return None if given.reveal() is None else validate_key(given, origin)


def _key_source(key: Secret[Any], service: ServiceInfo) -> KeySource | None:
    found = _find_key(key, "that was given", service.key_variable)
    if found is None and service.needs_key:
        raise ConfigurationError(
            f"There is no API key. Pass api_key=, or set {service.key_variable} in the environment."
        )
    return found


def _other_keys(keys: Secret[Any], service: ServiceInfo) -> dict[str, KeySource]:
    unknown = [name for name in keys.reveal() or () if name not in service.other_schemes]
    if unknown:
        raise ConfigurationError(
            f"There is no security scheme {unknown[0]!r}; known are "
            f"{', '.join(service.other_schemes)}."
        )
    found: dict[str, KeySource] = {}
    for name in service.other_schemes:
        variable = f"{service.environment}_{re.sub(r'[^A-Z0-9]+', '_', name.upper())}"
        given: Secret[Any] = Secret(cast("Mapping[str, Any]", keys.reveal() or {}).get(name))
        key = _find_key(given, f"for {name}", variable)
        if key is not None:
            found[name] = key
    return found


def _base_url(url: Secret[Any], service: ServiceInfo) -> str:
    sources: dict[str, Secret[Any]] = {
        "base_url": url,
        service.url_variable: Secret(os.environ.get(service.url_variable)),
        "the specification's server URL": Secret(service.base_url),
    }
    for origin, source in sources.items():
        if source.reveal() is not None:
            problem = _url_problem(source.reveal())
            if problem:
                raise ConfigurationError(f"{origin} {problem}.")
            parts = urlsplit(str(source.reveal()))
            return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")
    raise ConfigurationError(
        f"There is no base URL. Pass base_url=, or set {service.url_variable}."
    )


def _url_problem(url: Any) -> str | None:
    if not isinstance(url, str):
        return f"is {type(url).__name__}, not a string"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not a URL"
    if parts.scheme not in {"http", "https"} or not host:
        return "has to be a whole URL such as https://api.example.com/v1"
    if "@" in parts.netloc:
        return "holds a user name or password, which has no place in it"
    if {"?", "#"} & set(url):
        return "holds a query or a fragment, which has no place in it"
    is_plain = re.fullmatch(_HOST, parts.netloc) and re.fullmatch(_PATH, parts.path)
    if not is_plain or not _is_visible(url):
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
    address = read_address(host)
    return address is not None and address.is_loopback


def read_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address that a host is given by; None where that is a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _protect_observer(given: Any, service: ServiceInfo) -> Callable[[Any], object] | None:
    """Return an observer that changes no call: the first exception that it raises is logged."""
    if given is None:
        return None
    if not callable(given) or is_async(given):
        raise ConfigurationError("observer is a function of one CallEvent, and not an async one.")
    has_failed = False

    def observe(event: object) -> None:
        nonlocal has_failed
        try:
            given(event)
        except Exception:
            if not has_failed:
                has_failed = True
                sentence = "The observer raised, which changes no call; logged once."
                logging.getLogger(service.logger).exception(sentence)

    return observe


def is_async(function: Callable[..., Any]) -> bool:
    calls = (function, getattr(function, "__call__", None))  # noqa: B004 - it is not asked whether it has one
    return any(map(inspect.iscoroutinefunction, calls))


def _validate_headers(headers: Secret[Any], _service: ServiceInfo) -> tuple[tuple[str, str], ...]:
    if headers.reveal() is None:
        return ()
    if not isinstance(headers.reveal(), Mapping):
        raise ConfigurationError("headers is a mapping of names to values.")
    for name in headers.reveal():
        if not isinstance(name, str) or not re.fullmatch(_HEADER_NAME, name):
            raise ConfigurationError("headers holds a name that cannot be one of a header.")
        if name.lower() in _OWN_HEADERS:
            raise ConfigurationError(f"The header {name} is the client's own to set.")
        value = Secret(headers.reveal()[name])
        if not isinstance(value.reveal(), str) or not re.fullmatch(_HEADER_VALUE, value.reveal()):
            raise ConfigurationError(f"The value for the header {name} cannot stand in a header.")
    return tuple(headers.reveal().items())


_VALIDATORS: Final[Mapping[str, Callable[[Any, ServiceInfo], Any]]] = {
    "base_url": _base_url,
    "key": _key_source,
    "keys": _other_keys,
    "headers": _validate_headers,
    "observer": _protect_observer,
}
