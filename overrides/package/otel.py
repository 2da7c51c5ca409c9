"""Calls as spans of OpenTelemetry: `observer=SpanObserver()`. It needs opentelemetry-api."""

from __future__ import annotations

from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from ._core.call import CallEvent
from ._version import __version__
from .errors import ConfigurationError

__all__ = ["SpanObserver"]

_PORTS = {"http": 80, "https": 443}


class SpanObserver:
    """Makes a span of each call, and an event in it of each attempt.

    Names and attributes are those of OpenTelemetry's semantic conventions for HTTP clients, but
    for `url.full`, which would hold ids: `url.template` stands in its place. A call's span is a
    child of the span that is current where the call is made.

    Args:
        tracer_provider: Where the tracer comes from; by default the global provider.

    Raises:
        ConfigurationError: opentelemetry-api is not installed.
    """

    def __init__(self, tracer_provider: Any = None) -> None:
        try:
            self._api: Any = import_module("opentelemetry.trace")
        except ModuleNotFoundError:
            missing = "SpanObserver needs OpenTelemetry: pip install opentelemetry-api."
            raise ConfigurationError(missing) from None
        package = __name__.rpartition(".")[0]
        self._tracer: Any = self._api.get_tracer(package, __version__, tracer_provider)
        self._spans: dict[int, Any] = {}

    def __call__(self, event: CallEvent) -> None:
        """Take note of a step of a call."""
        if event.kind == "call_start":
            self._spans[event.call_id] = self._start(event)
        elif event.kind == "attempt_end":
            self._spans[event.call_id].add_event("attempt", _outcome(event))
        elif event.kind == "call_end":
            span, attributes = self._spans.pop(event.call_id), _outcome(event)
            span.set_attributes(attributes)
            if "error.type" in attributes:
                span.set_status(self._api.StatusCode.ERROR)
            span.end()

    def _start(self, event: CallEvent) -> Any:
        url = urlsplit(event.base_url)
        template = url.path + event.path
        attributes = {
            "http.request.method": event.method,
            "server.address": url.hostname,
            "server.port": url.port or _PORTS[url.scheme],
            "url.scheme": url.scheme,
            "url.template": template,
        }
        name, kind = f"{event.method} {template}", self._api.SpanKind.CLIENT
        return self._tracer.start_span(name, kind=kind, attributes=attributes)


def _outcome(event: CallEvent) -> dict[str, Any]:
    is_refusal = event.status is not None and event.status >= 400
    attributes = {
        "error.type": str(event.status) if is_refusal else event.error,
        "http.request.resend_count": max(event.attempt - 1, 0) or None,
        "http.response.body.size": event.size,
        "http.response.status_code": event.status,
    }
    return {name: value for name, value in attributes.items() if value is not None}
