"""The rules of the house: what they ask for, and that they can be left aside."""

from __future__ import annotations

import re

import pytest
from generation.errors import GenerationError
from generation.house_rules import check_house_rules, smells_of_secrets

from tests.generation._support import Tree, document_of

RULE = "{one: {assumed: It is so., source: no page}}"
GOOD = """\
security: [{key: []}]
paths:
  /a:
    post:
      tags: [A]
      summary: Do A
      requestBody: {content: {application/json: {schema: {type: object}, example: {}}}}
      responses: {"200": {description: A., content: {application/json: {schema: {type: string,
        examples: [a]}}}}}
components: {securitySchemes: {key: {type: http, scheme: bearer}}}
"""


def problems(text: str) -> list[str]:
    try:
        return check_house_rules(document_of(text))
    except GenerationError as error:
        return [f"refused: {problem}" for problem in error.problems]


@pytest.mark.parametrize(
    ("lost", "instead", "told"),
    [
        ("      tags: [A]\n", "", "refused: #/paths/~1a/post (line 6): an operation needs a tag"),
        ("security: [{key: []}]\n", "", "refused: #/paths/~1a/post (line 5): `security` has to"),
        ("tags: [A]", "tags: [A]\n      x-repeatable: true", "refused: #/paths/~1a/post/x-repea"),
        (
            "tags: [A]",
            "tags: [A]\n      parameters: [{name: a, in: query, schema: {}, x-response-field: 1}]",
            "refused: #/paths/~1a/post/parameters/0/x-response-field (line 8): x-response-field na",
        ),
        ("      summary: Do A\n", "", "#/paths/~1a/post (line 6): a summary would be"),
        (
            ", example: {}",
            "",
            "#/paths/~1a/post/requestBody/content/application~1json (line 9): an ",
        ),
        (",\n        examples: [a]", "", "#/paths/~1a/post/responses/200/content/application~1js"),
    ],
)
def test_what_is_asked_for_and_what_would_be_better(lost: str, instead: str, told: str) -> None:
    assert problems(GOOD) == []
    (found,) = problems(GOOD.replace(lost, instead))
    assert found.startswith(told)


def test_names_that_smell_of_secrets() -> None:
    smelly = "clientApiKey apikey api_key KEY accessToken refresh-tokens otp webOTP OTPCode secret "
    smelly += "passwordHash userpassword seedPhrase pin credentials clientSessionToken"
    fresh = "monkey id address keyboard pinned spinning option seedling publicKey tokenAddress "
    fresh += "tokenSymbol nextPageToken keyName"
    assert [name for name in smelly.split() if not smells_of_secrets(name)] == []
    assert [name for name in fresh.split() if smells_of_secrets(name)] == []


SECRETS = """
{type: string}
{type: [string, 'null']}
{anyOf: [{type: string, format: password}, {type: string}]}
{type: array, items: {type: string}}
{oneOf: [{$ref: '#/components/schemas/Plain'}, {type: 'null'}]}
{type: string, x-not-secret: true}
"""
NO_SECRETS = """
{type: [string, 'null'], format: password}
{type: integer}
{type: string, format: date-time}
{type: string, enum: [bearer]}
{$ref: '#/components/schemas/Masked'}
{type: array, items: {type: string, format: password}}
{type: string, x-not-secret: The address of a contract.}
{$ref: '#/components/schemas/Loop'}
"""


def test_a_secret_says_so_and_is_told_once_with_all_its_places() -> None:
    schemas = [*SECRETS.split("\n")[1:-1], *NO_SECRETS.split("\n")[1:-1]]
    things = (f"T{n}: {{properties: {{token: {s}}}}}" for n, s in enumerate(schemas))
    (found,) = problems(
        "paths: {/a: {parameters: [{name: token, in: query, schema: {type: string}},\n"
        "  {name: token, in: header, schema: {type: string}, x-not-secret: It is old.}]}}\n"
        "components: {schemas: {Plain: {type: string}, Masked: {type: string, format: password},\n"
        "  Loop: {allOf: [{$ref: '#/components/schemas/Loop'}]}, Thing: {properties:\n"
        "  {example: {properties: {token: {type: string}}}},"
        " example: {properties: {token: {type: string}}}}, " + ",\n  ".join(things) + "}}\n"
    )
    assert found.startswith("refused: #/paths/~1a/parameters/0/schema (line 3): 'token' smells of")
    assert "#/components/schemas/Thing/properties/example/properties/token (line 7)" in found
    assert found.count("(line ") == 8
    assert re.findall(r"/T(\d)\S+ \(line (\d+)\)", found) == [
        (f"{n}", f"{n + 7}") for n in range(6)
    ]


def test_without_house_rules(tree: Tree) -> None:
    with tree.edited() as document:
        del document["paths"]["/parcels"]["post"]["tags"]
    tree.refused()
    assert "portal_v1" in tree.generated("--no-house-rules")


@pytest.mark.parametrize(
    ("extension", "wrong"),
    [
        (f"x-basis: {RULE}", ""),
        ("x-basis: {one: {assumed: It is so.}}", "one of documented, assumed, observed, and its"),
        ("x-basis: {one: {guessed: It is so., source: no page}}", "one of documented, assumed"),
        ("x-basis: {one: {assumed: So., observed: So., source: a page}}", "one of documented"),
        ("x-basis: assumed", "one of documented"),
        (f"x-basis: {RULE}}}, Other: {{x-basis: {RULE}", "has the same name"),
        ("x-also-seen: {at: {example: null, source: an SDK}}", ""),
        ("x-also-seen: {at: null}", "one of example, and its source"),
    ],
)
def test_what_is_not_in_the_reference_says_its_source(extension: str, wrong: str) -> None:
    found = problems(f"paths: {{}}\ncomponents: {{schemas: {{Thing: {{{extension}}}}}}}\n")
    assert [wrong in one for one in found] == [True] * bool(wrong)
