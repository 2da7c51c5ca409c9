"""Defects to plant: each is a change of a few characters in a copy of the package.

They are patterns, not places: what one matches in the generated code follows from the document,
and a pattern that matches nothing any more is an error, not a defect that was caught.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True)
class Mutant:
    """One defect.

    Attributes:
        name: What is wrong, in a few words.
        where: Whether the mock or the client is broken.
        files: Which files, as a glob within the package.
        old: What is replaced, as a regular expression; every match in these files is.
        new: What takes its place.
    """

    name: str
    where: Literal["mock", "client"]
    files: str
    old: str
    new: str


MUTANTS: Final = (
    # The client: path, quoting, method
    Mutant(
        "the end of a path is left off",
        "client",
        "api/*/*.py",
        r'(path=f"[^"]*\})/[\w-]+"',
        r'\1"',
    ),
    Mutant("a slash is added to each path", "client", "api/*/*.py", r'(path=f?"[^"]*)"', r'\1/"'),
    Mutant(
        "ids are not quoted",
        "client",
        "_core/encode.py",
        r'return quote\(segment, safe=""\)',
        "return segment",
    ),
    Mutant(
        "ids are quoted twice",
        "client",
        "_core/encode.py",
        r'return quote\(segment, safe=""\)',
        'return quote(quote(segment, safe=""), safe="")',
    ),
    Mutant(
        "some characters of ids are not quoted",
        "client",
        "_core/encode.py",
        r'return quote\(segment, safe=""\)',
        'return quote(segment, safe="?#")',
    ),
    Mutant(
        "ids are sent in lower case",
        "client",
        "_core/encode.py",
        r"segment = text\(value\)",
        "segment = text(value).lower()",
    ),
    Mutant("POST becomes PUT", "client", "api/*/*.py", r'method="POST"', 'method="PUT"'),
    Mutant("GET becomes POST", "client", "api/*/*.py", r'method="GET"', 'method="POST"'),
    Mutant(
        "the async client asks for another id",
        "client",
        "resources/*.py",
        r"(await \w+\.asyncio\(\s+)(\w+_id)=\2,",
        r"\1\2=\2.upper(),",
    ),
    # The client: headers, credential, body
    Mutant(
        "the key is sent by another scheme",
        "client",
        "api/*/*.py",
        r'Credential\("Authorization", "Bearer"\)',
        'Credential("Authorization", "Token")',
    ),
    Mutant(
        "the key is sent in another header",
        "client",
        "api/*/*.py",
        r'Credential\("Authorization", "Bearer"\)',
        'Credential("X-Authorization", "Bearer")',
    ),
    Mutant(
        "the first client's key is sent by every client",
        "client",
        "_core/keys.py",
        r"        return settings\.key\n",
        '        return ask.__dict__.setdefault("first", settings.key)\n',
    ),
    Mutant(
        "Content-Type is not sent without a body",
        "client",
        "_core/call.py",
        r"content_type = request\.content_type or settings\.service\.content_type",
        "content_type = request.content_type",
    ),
    Mutant(
        "a POST with nothing to say sends nothing",
        "client",
        "_core/call.py",
        r'content = b"\{\}" if content_type == "application/json" else None',
        "content = None",
    ),
    Mutant(
        "bodies are sent empty",
        "client",
        "_core/encode.py",
        r"return json\.dump\(json_value\(value\)\)",
        "return json.dump({})",
    ),
    Mutant(
        "a field is sent by another name",
        "client",
        "models/*.py",
        r'fields\["(\w+)([A-Z])(\w*)"\] =',
        r'fields["\1_\2\3"] =',
    ),
    Mutant(
        "the resource's method drops an argument",
        "client",
        "resources/*.py",
        r"(Request\(\s+)(\w+)=\2,",
        r"\1",
    ),
    # The client: parsers, errors
    Mutant(
        "a field is read from another",
        "client",
        "models/*.py",
        r'client_api_key=decode\.required\(fields, "\w+"',
        'client_api_key=decode.required(fields, "id"',
    ),
    Mutant(
        "what is not documented is dropped",
        "client",
        "_core/decode.py",
        r"if fields\.keys\(\) <= known:",
        "if True:",
    ),
    Mutant(
        "null is read as an empty string",
        "client",
        "_core/decode.py",
        r"(?m)^    if value is None or isinstance\(value, str\):\n        return value$",
        '    if value is None or isinstance(value, str):\n        return value or ""',
    ),
    Mutant(
        "any string is taken for a boolean",
        "client",
        "_core/decode.py",
        r'raise MismatchError\("boolean", value\)',
        "return bool(value)",
    ),
    Mutant(
        "anything is taken for a string",
        "client",
        "_core/decode.py",
        r'raise MismatchError\("string", value\)',
        "return str(value)",
    ),
    Mutant(
        "booleans are read the other way round",
        "client",
        "_core/decode.py",
        r"if isinstance\(value, bool\):\n        return value",
        "if isinstance(value, bool):\n        return not value",
    ),
    Mutant(
        "a list is read without its last item",
        "client",
        "_core/decode.py",
        r"for item in value:",
        "for item in value[:-1]:",
    ),
    Mutant(
        "a list is yielded without its first item",
        "client",
        "_core/items.py",
        r"            yield item\n",
        "            if self._index > 1:\n                yield item\n",
    ),
    Mutant(
        "a refused request is a value",
        "client",
        "_core/call.py",
        r"return status // 100 == 2",
        "return status // 100 in {2, 4}",
    ),
    Mutant(
        "401 raises the error for 400",
        "client",
        "errors.py",
        r"401: AuthenticationError",
        "401: BadRequestError",
    ),
    Mutant(
        "the server's words are lost",
        "client",
        "_core/failures.py",
        r"error=text,",
        "error=None,",
    ),
    Mutant(
        "errors tell the method in place of the operation",
        "client",
        "_core/failures.py",
        r"operation_id=operation\.id",
        "operation_id=operation.method",
    ),
    Mutant(
        "an error's body is lost",
        "client",
        "_core/failures.py",
        r"body=received\.content\.reveal\(\)",
        "body=None",
    ),
    # The client: repeats
    Mutant(
        "what is not repeatable is repeated",
        "client",
        "api/*/*.py",
        r"repeatable=False",
        "repeatable=True",
    ),
    Mutant(
        "what is repeatable is not repeated",
        "client",
        "api/*/*.py",
        r"repeatable=True",
        "repeatable=False",
    ),
    Mutant(
        "429 is not repeated",
        "client",
        "_core/retry.py",
        r"return status == REFUSED or \(repeatable",
        "return (status != REFUSED and repeatable",
    ),
    Mutant(
        "every failure of a create is repeated",
        "client",
        "_core/retry.py",
        r"return status == REFUSED or \(repeatable and status in STATUSES_TO_REPEAT\)",
        "return status in STATUSES_TO_REPEAT",
    ),
    Mutant(
        "Retry-After is not waited for",
        "client",
        "_core/call.py",
        r"pause=pause if retry_after is None else retry_after",
        "pause=pause",
    ),
    Mutant(
        "a lost answer is told as nothing done",
        "client",
        "_core/call.py",
        r"maybe_processed \|= verdict\.maybe_processed",
        "maybe_processed = False",
    ),
    Mutant(
        "the async client sends twice",
        "client",
        "_core/pipeline.py",
        r"outcome = await self\._connection\.send\(effect\)",
        "await self._connection.send(effect)\n"
        "                    outcome = await self._connection.send(effect)",
    ),
    # The mock: status, body
    Mutant(
        "a create is answered 200",
        "mock",
        "mock/_engine.py",
        r"status, response = operation\.responses\.success",
        "_, response = operation.responses.success\n        status = 200",
    ),
    Mutant(
        "what is not known is answered 404",
        "mock",
        "mock/_engine.py",
        r"status, response = found\n",
        "status, response = found\n        status = 404 if status == 400 else status\n",
    ),
    Mutant(
        "an error's text is a number",
        "mock",
        "mock/_engine.py",
        r"body = media\.error_body\(refused\.text\)",
        "body = b'{\"error\":5}'",
    ),
    Mutant(
        "answers are plain text",
        "mock",
        "mock/_engine.py",
        r'\("content-type", media\.type\)',
        '("content-type", "text/plain")',
    ),
    Mutant(
        "answers are cut short",
        "mock",
        "mock/_responses.py",
        r"return (json\.dumps\(value,.*\)\.encode\(\))",
        r"return \1[:-1]",
    ),
    Mutant(
        "a required field is missing",
        "mock",
        "mock/_responses.py",
        r"return json\.dumps\(value,",
        "value = {k: v for k, v in value.items() if k != 'id'} "
        "if isinstance(value, dict) else value\n        return json.dumps(value,",
    ),
    Mutant(
        "items of a list are of another type",
        "mock",
        "mock/_responses.py",
        r"return json\.dumps\(value,",
        "value = [str(one) for one in value] if isinstance(value, list) else value\n"
        "        return json.dumps(value,",
    ),
    Mutant(
        "what is asked for is not done",
        "mock",
        "mock/_behaviour.py",
        r"body = call\.body if is_object\(call\.body\) else \{\}",
        "body = {}",
    ),
    # The mock: state
    Mutant(
        "the same session token again and again",
        "mock",
        "mock/_behaviour.py",
        r'self\._new\(name, schema, number, "token"\)',
        'self._new(name, schema, number % 2, "token")',
    ),
    Mutant(
        "the same one-time password again and again",
        "mock",
        "mock/_behaviour.py",
        r'self\._new\(name, schema, number, "token"\)',
        'self._new(name, schema, item.number if self.effect.once else number, "token")',
    ),
    Mutant(
        "a client's key changes when it is read",
        "mock",
        "mock/_effects.py",
        r'fresh = secrets - own\.shown if effect\.does in \("create", "use"\) else set\(\)',
        'fresh = secrets if effect.does in ("read", "use") else secrets - own.shown',
    ),
    Mutant(
        "the list forgets the newest",
        "mock",
        "mock/_state.py",
        r"yield from map\(_item, rows\)",
        "yield from map(_item, rows[: len(rows) - 1 or None])",
    ),
    Mutant(
        "the list shows one twice",
        "mock",
        "mock/_state.py",
        r"yield from map\(_item, rows\)",
        "yield from map(_item, rows[:1] + rows)",
    ),
    Mutant(
        "a read forgets what is read",
        "mock",
        "mock/_behaviour.py",
        r'elif self\.effect\.does == "remove":',
        'elif self.effect.does in ("remove", "read"):',
    ),
    # The mock: tenancy, credentials
    Mutant(
        "the list shows another custodian's",
        "mock",
        "mock/_state.py",
        r'WHERE custodian = \? AND place = \? "\n(\s+)"AND number',
        r'WHERE ? AND place = ? "\n\1"AND number',
    ),
    Mutant(
        "another custodian's can be read",
        "mock",
        "mock/_state.py",
        r'WHERE custodian = \? AND place = \? "\n(\s+)"AND id',
        r'WHERE ? AND place = ? "\n\1"AND id',
    ),
    Mutant(
        "no key is needed",
        "mock",
        "mock/_requests.py",
        r"if all\(one and \(known is None or one in known\) for one in credentials\):",
        "if all(not one or one in (known or ()) for one in credentials):",
    ),
    Mutant(
        "any key will do",
        "mock",
        "mock/_requests.py",
        r"\(known is None or one in known\)",
        "True",
    ),
    # The mock: requests
    Mutant(
        "bodies are not looked at",
        "mock",
        "mock/_requests.py",
        r"problem = validator\.problem\(value\) if validator is not None else None",
        "problem = None",
    ),
    Mutant(
        "undocumented methods are served",
        "mock",
        "mock/_engine.py",
        r"if method not in operations:",
        "operations = {**dict.fromkeys([method], next(iter(operations.values()))), **operations}\n"
        "        if method not in operations:",
    ),
    Mutant(
        "405 without the allowed methods",
        "mock",
        "mock/_engine.py",
        r', \("allow", allowed\)\)',
        ")",
    ),
    Mutant(
        "ids beyond ASCII make it fail",
        "mock",
        "mock/_behaviour.py",
        r"call\.path\[above\]\)",
        "call.path[above].encode('ascii').decode())",
    ),
)
