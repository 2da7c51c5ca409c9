"""Renders the templates over a document's operations and schemas, into one package."""

import builtins
import re
import textwrap
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from openapi_python_client import TEMPLATE_FILTERS, strings
from openapi_python_client.schema.untrusted_string import UntrustedString

from . import operations as ops
from .document import Document
from .errors import GenerationError
from .naming import client_name, resource_class
from .operations import Operation
from .shaping import Parser

# Names that the generated modules use themselves, so that no model can have them.
_CLASSES = {
    *("Any", "AsyncGenerator", "ClassVar", "Final", "Generator", "Literal", "Mapping", "Self"),
    *("File", "OpenIntEnum", "OpenStrEnum", "RequestFiles", "Unset", "UNSET", "TYPE_CHECKING"),
    *("OPERATION", "None", "True", "False", *dir(builtins)),
}
# The modules that a package has once, by their templates.
_ONCE = {name: name for name in ("client", "errors", "pytest_plugin", "types")}
_ONCE |= {"package_init": "__init__", "main": "__main__", "service": "_service"}
_ONCE |= {"api_init": "api/__init__", "mock_init": "mock/__init__"}


def render(document: Document, source: str, package: Path, templates: Path) -> list[str]:
    """Render every template into the folder `package`; return what a person should know."""
    operations, data = ops.read_operations(document), document.data
    if not operations:
        raise GenerationError("The document has no operations. Add one under paths.")
    resources: dict[str, list[Operation]] = {}
    for one in operations:
        resources.setdefault(one.resource, []).append(one)
    own = {client_name(data), *map(resource_class, resources)}
    parser = _parse(document, operations, _CLASSES | own | {f"Async{one}" for one in own})
    url = ((data.get("servers") or [{}])[0] or {}).get("url", "")
    by_tag = [one for group in resources.values() for one in group]
    schemes = list(dict.fromkeys(credential[0] for one in by_tag for credential in one.credentials))
    env = Environment(  # noqa: S701 - it writes Python
        loader=FileSystemLoader(templates),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.filters |= {**TEMPLATE_FILTERS, "literal": repr, "words": _words}
    env.filters |= {"sentence": _sentence, "paragraphs": _paragraphs}
    env.globals |= {
        "source": source,
        "package_name": package.name,
        "document": data,
        "client_name": client_name(data),
        "base_url": url.rstrip("/") if "://" in url and "{" not in url else None,
        "error_fields": _list_error_fields(by_tag, parser),
        "needs_key": bool(schemes),
        "other_schemes": schemes[1:],
        "operations": by_tag,
        "resources": resources,
        "titles": {one.resource: one.tag for one in operations},
        "resource_class": resource_class,
        "descriptions": {tag["name"]: tag.get("description") for tag in data.get("tags") or ()},
        "kind": ops.kind_of,
        "nullable_inner": ops.nullable_inner,
        "annotation": ops.annotation,
        "instance_type": ops.instance_type,
        "fields_of": partial(ops.list_fields, parser),
        "discriminators": parser.discriminators,
        "qualified": partial(_qualify, classes=parser.classes.keys()),
    }
    _write_all(env, package, resources, [*parser.classes.values()])
    for tag, resource in {one.tag: one.resource for one in operations}.items():
        if strings.snake_case(tag) != resource:
            parser.notes.append(f"The tag {tag!r} is the attribute {resource}.")
    made = [one for one in operations if one.made]
    named = [f"{one.resource}.{one.method} is {one.verb.upper()} {one.path}." for one in made]
    return parser.notes + named


def _parse(document: Document, operations: list[Operation], reserved: set[str]) -> Parser:
    parser = Parser(document, reserved)
    for operation in operations:
        operation.parse(parser)
    # A component that has the name of an inner class gives way to it.
    text = " ".join(problem.text for problem in parser.problems)
    found = re.findall(r'duplicate models with name "(\w+)"', text)
    if {*found} - reserved:
        return _parse(document, operations, reserved | {*found})
    document.refuse(parser.problems, "has parts that openapi-python-client would leave out.")
    return parser


def _list_error_fields(operations: list[Operation], parser: Parser) -> list[str]:
    """Return the fields that may hold an error's text, the likeliest first."""
    models = [e.prop for one in operations for e in one.errors if ops.kind_of(e.prop) == "Model"]
    fields = [field for model in models for field in ops.list_fields(parser, model)]
    texts = [p.name for p in fields if ops.annotation(p.prop, unset=False) in {"str", "str | None"}]
    likely = ["detail", "title", "error_description", "description"]
    # Servers use the first two whatever is documented.
    return [*dict.fromkeys(["error", "message", *(n for n in likely if n in texts), *texts])]


def _write_all(
    env: Environment, package: Path, resources: dict[str, list[Operation]], classes: list[Any]
) -> None:
    def write(template: str, target: str, **context: Any) -> None:
        path = package / f"{target}.py"
        if path.exists():
            raise GenerationError(f"Two parts of the document come to the same file, {target}.py.")
        name = f"{template}.py.jinja"
        text = env.get_template(name).render(context)
        made = f"# Made by `make generate` from {env.globals['source']} and overrides/templates/"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"{made}{name}.\n{text}".encode())

    def write_exports(folder: str, words: str, names: dict[str, str]) -> None:
        lazy = "." * (folder.count("/") + 2)
        write("lazy_init", f"{folder}/__init__", words=words, names=names, lazy=lazy)

    for template, target in _ONCE.items():
        write(template, target)
    for one in classes:
        template = "enum" if hasattr(one, "value_type") else "model"
        write(template, f"models/{one.class_info.module_name}", model=one)
    for tag, group in resources.items():
        write("resource", f"resources/{tag}", tag=tag, operations=group)
        for operation in group:
            write("endpoint_module", f"api/{tag}/{operation.module}", operation=operation)
        modules = {operation.module: "." for operation in group}
        write_exports(f"api/{tag}", "The operations of one tag.", modules)
    names = {one.class_info.name: f".{one.class_info.module_name}" for one in classes}
    write_exports("models", "The models that requests and answers hold.", names)
    names = {
        f"{prefix}{resource_class(one)}": f".{one}" for one in resources for prefix in ("", "Async")
    }
    words = "The resources, one for each tag: what a client's attributes hold."
    write_exports("resources", words, names)


def _qualify(text: str, group: list[Operation], classes: Collection[str]) -> str:
    """Return a signature that finds its models, and the builtins that a method's name hides."""
    hidden = {name for o in group for name in (o.method, o.iterator_name)} & {*dir(builtins)}

    def qualify(match: re.Match[str]) -> str:
        prefix = "_models." if match[0] in classes else "builtins." if match[0] in hidden else ""
        return prefix + match[0]

    quoted = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
    return re.sub(rf"{quoted}|(?<![\w.])[^\W\d]\w*", qualify, text)


def _words(value: Any) -> str:
    """Return a text of the document on its own, without spaces around it."""
    value = value.get_untrusted_value() if isinstance(value, UntrustedString) else value
    return str(value or "").strip()


def _sentence(value: Any) -> str:
    """Return a text of the document on one line that ends as a sentence does."""
    text = " ".join(_words(value).split())
    return text if not text or text[-1] in ".!?" else f"{text}."


def _paragraphs(value: Any) -> str:
    """Return a text of the document as a docstring: a sentence, a blank line, the rest."""
    first, _, rest = _words(value).partition("\n\n")
    first = " ".join(first.split())
    found = re.match(r"(.+?[.!?])\s+(?=[A-Z`(])(.+)", first)
    head, tail = found.groups() if found else (_sentence(first), "")
    lines = [*([tail, ""] if tail and rest else [tail]), *rest.splitlines()]
    body = "\n".join(textwrap.fill(line, 92) for line in lines).strip()
    return f"{head}\n\n{body}" if body else head
