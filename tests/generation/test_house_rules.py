"""The rules of the house: what they ask for, and that they can be left aside."""

import re

import pytest
from generation.house_rules import check_house_rules, smells_of_secrets

from tests.generation._support import check

GOOD = """\
security: [{key: []}]
paths:
  /a:
    post: {tags: [A], summary: Do A, x-repeatable: No harm., parameters: [],
      x-basis: {one: {assumed: So., source: I}}, x-also-seen: {at: {example: null, source: SDK}},
      requestBody: {content: {application/json: {schema: {type: object}, example: {}}}},
      responses: {"200": {description: A., content: {application/json: {schema: {type: string,
        examples: [a]}}}}}}
components: {securitySchemes: {key: {type: http, scheme: bearer}}}
"""


@pytest.mark.parametrize(
    ("lost", "instead", "told"),
    [
        ("", "", ""),
        ("tags: [A]", "tags: []", "post (line 6): an operation needs a tag"),
        ("security: [{key: []}]\n", "", "post (line 5): `security` has to say which key"),
        ("No harm.", "true", "post/x-repeatable (line 6): it must be the reason"),
        ("summary: Do A, ", "", "post (line 6): a summary would be"),
        (", example: {}", "", "/requestBody/content/application~1json (line 8): an example would"),
        (",\n        examples: [a]", "", "/200/content/application~1json (line 9): an example wo"),
        (", source: I", "", "/x-basis/one (line 7): x-basis has one of documented, assumed, obse"),
        ("assumed", "guessed", "x-basis has one of documented"),
        ("assumed: So.", "assumed: So., observed: So.", "x-basis has one of documented"),
        ("{one: {assumed: So., source: I}}", "assumed", "x-basis has one of documented"),
        ("{example: null, source: SDK}", "null", "x-also-seen has one of example, and its so"),
    ],
)
def test_what_is_asked_for_and_what_would_be_better(lost: str, instead: str, told: str) -> None:
    _, found = check(GOOD.replace(lost, instead) if lost else GOOD, check_house_rules)
    assert told in found
    assert bool(told) == bool(found)


def test_names_that_smell_of_secrets() -> None:
    smelly = "clientApiKey apikey api_key KEY accessToken refresh-tokens otp webOTP OTPCode secret "
    smelly += "passwordHash userpassword seedPhrase pin credentials clientSessionToken"
    fresh = "monkey id address keyboard pinned spinning option seedling publicKey tokenAddress "
    fresh += "tokenSymbol nextPageToken keyName"
    assert [name for name in smelly.split() if not smells_of_secrets(name)] == []
    assert [name for name in fresh.split() if smells_of_secrets(name)] == []


SCHEMAS = """\
{type: string}
{type: [string, 'null']}
{anyOf: [{type: string, format: password}, {type: string}]}
{type: array, items: {type: string}}
{oneOf: [{$ref: '#/components/schemas/Plain'}, {type: 'null'}]}
{type: string, x-not-secret: true}
{type: [string, 'null'], format: password}
{type: integer}
{type: string, format: date-time}
{type: string, enum: [bearer]}
{$ref: '#/components/schemas/Masked'}
{type: array, items: {type: string, format: password}}
{type: string, x-not-secret: The address of a contract.}
{$ref: '#/components/schemas/Loop'}"""
SECRET = 6  # The first of them are to be marked.


def test_a_secret_says_so_and_is_told_once_with_all_its_places() -> None:
    schemas = enumerate(SCHEMAS.splitlines())
    things = (f"T{n}: {{properties: {{token: {one}}}}}" for n, one in schemas)
    _, found = check(
        "paths: {/a: {parameters: [{name: token, in: query, schema: {type: string}},\n"
        "  {name: token, in: header, schema: {type: string}, x-not-secret: It is old.}]}}\n"
        "components: {schemas: {Plain: {type: string}, Masked: {type: string, format: password},\n"
        "  Loop: {allOf: [{$ref: '#/components/schemas/Loop'}]}, Thing: {properties:\n"
        "  {example: {properties: {token: {type: string}}}},"
        " example: {properties: {token: {type: string}}}}, " + ",\n  ".join(things) + "}}\n",
        check_house_rules,
    )
    assert "#/paths/~1a/parameters/0/schema (line 3): 'token' smells of" in found
    assert "#/components/schemas/Thing/properties/example/properties/token (line 7)" in found
    assert found.count("(line ") == 8
    told = re.findall(r"/T(\d+)\S+ \(line (\d+)\)", found)
    assert told == [(f"{n}", f"{n + 7}") for n in range(SECRET)]
