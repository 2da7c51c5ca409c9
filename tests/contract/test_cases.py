"""schemathesis makes the cases, the generated client sends them, the raw answer is validated."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from hypothesis import HealthCheck, assume, settings
from schemathesis import Case

from tests.contract._calls import TALLY, UNSENDABLE, Caller, endpoint_of, load_schema
from tests.contract._package import DOCUMENT, ENDPOINTS
from tests.contract.conftest import OPTIONS

CHECKS = {
    "positive_data_acceptance": {"expected-statuses": ["2xx", "400", "404"]},
    # A document that names no refusals leaves it open which there are.
    "status_code_conformance": {"enabled": '"401"' in json.dumps(DOCUMENT)},
    # Prism takes any key, and answers 405 without the Allow of RFC 9110.
    "ignored_auth": {"enabled": not OPTIONS.prism},
    "unsupported_method": {"enabled": not OPTIONS.prism},
}
GENERATION = {"mode": "all", "max-examples": OPTIONS.examples, "database": "none"}
CONFIG = {"seed": OPTIONS.seed, "max-redirects": 0, "generation": GENERATION, "checks": CHECKS}
CONFIG["headers"] = next(iter(ENDPOINTS.values())).credentials(OPTIONS.keys[0])


def clean(node: dict[str, Any]) -> dict[str, Any]:
    """Return a node of the document without header parameters that OpenAPI ignores."""
    if isinstance(node.get("parameters"), list):
        ignored = {"Accept", "Authorization", "Content-Type"}
        node["parameters"] = [one for one in node["parameters"] if one.get("name") not in ignored]
    return node


# Alternatives without a required field match one another.
TEXT = json.dumps(DOCUMENT).replace('"oneOf"', '"anyOf"')
SCHEMA = load_schema(json.loads(TEXT, object_hook=clean), **CONFIG)


@SCHEMA.parametrize()
@settings(suppress_health_check=[*HealthCheck], max_examples=OPTIONS.examples)
def test_case(case: Case[Any], caller: Caller) -> None:
    if OPTIONS.prism:  # It takes null for no body, and dies of a name that no header can have.
        is_text = type(case.body) is not bytes and "\\" not in json.dumps(case.body, default=str)
        assume(is_text and case.body is not None)
    ids = [unquote(str(one)) for one in case.path_parameters.values()]
    is_positive = case.meta is None or case.meta.generation.mode.is_positive
    if not is_positive or any(map(UNSENDABLE.fullmatch, ids)):
        TALLY["requests that a typed client does not send"] += 1
        case.call_and_validate(base_url=str(caller.gateway.target))
        return
    ways, said = endpoint_of(case).ways, repr((ids, case.query, case.body))
    turn = len(said) % len(ways) // 2 * 2
    for way in ways[turn : turn + 2]:  # sync and async
        case.validate_response(caller.call(case, way).answers[-1])
