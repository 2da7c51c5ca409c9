"""overrides/generator.yaml to openapi-python-client's configuration, strictly.

The generator itself passes over a key that it does not know; here that is an error.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from openapi_python_client.config import ClassOverride, Config, ConfigFile, MetaType
from pydantic import ValidationError

from ._yaml import Place, parse_yaml
from .document import shown
from .errors import GenerationError

# Not a matter of taste here: the driver sets these, and the templates rely on them.
_SET_HERE = {
    "docstrings_on_attributes": "the templates document a model's fields in its class docstring",
    "http_timeout": "a document is read from a file, never fetched",
    "literal_enums": "the templates write enums as classes",
    "package_name_override": "the package is named by --package",
    "post_hooks": "the result is formatted by a pinned ruff and by nothing else",
    "project_name_override": "no project is made, only a package",
}


def load_configuration(path: Path, *, package: str, spec: Path, destination: Path) -> Config:
    """Return the generator's configuration for one run.

    Args:
        path: The YAML file with the keys that the house may set.
        package: The name of the package to make.
        spec: The file that the document comes from.
        destination: The folder that becomes the package.

    Raises:
        GenerationError: The file is missing or unreadable, a key is unknown, a value does not fit.
    """
    source = shown(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise GenerationError(f"{source}: the generator's configuration is missing.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise GenerationError(f"{source}: cannot be read: {error}.") from None
    values, lines = parse_yaml(text, source)
    if values is None:
        values = {}
    if not isinstance(values, dict):
        raise GenerationError(f"{source}: it must be a mapping of the generator's keys.")
    problems = _key_problems(values, lines)
    if problems:
        raise GenerationError(f"{source} cannot be used.", problems)
    try:
        parsed = ConfigFile(**values)
    except ValidationError as error:
        raise GenerationError(
            f"{source} cannot be used.",
            (_value_problem(detail, lines) for detail in error.errors()),
        ) from None
    parsed.package_name_override = package
    parsed.post_hooks = []
    return Config.from_sources(
        parsed, MetaType.NONE, spec, "utf-8", overwrite=True, output_path=destination
    )


def _key_problems(values: dict[str, Any], lines: dict[Place, int]) -> list[str]:
    known = [name for name in ConfigFile.model_fields if name not in _SET_HERE]
    problems = []
    for name in values:
        if name in _SET_HERE:
            problems.append(f"line {lines[(name,)]}: {name!r} is not to be set: {_SET_HERE[name]}.")
        elif name not in known:
            problems.append(
                f"line {lines[(name,)]}: unknown key {name!r}; known are {', '.join(known)}."
            )
    overrides = values.get("class_overrides")
    for class_name, override in overrides.items() if isinstance(overrides, dict) else ():
        for name in override if isinstance(override, dict) else ():
            if name not in ClassOverride.model_fields:
                line = lines[("class_overrides", class_name, name)]
                problems.append(
                    f"line {line}: unknown key {name!r} in class_overrides of {class_name}; "
                    f"known are {', '.join(ClassOverride.model_fields)}."
                )
    return problems


def _value_problem(detail: Any, lines: dict[Place, int]) -> str:
    place: Place = tuple(detail["loc"])
    line = next(
        (lines[place[:length]] for length in range(len(place), 0, -1) if place[:length] in lines), 1
    )
    name = ".".join(str(part) for part in place)
    return f"line {line}: {name}: {detail['msg']}."
