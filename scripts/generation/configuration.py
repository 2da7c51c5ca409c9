"""overrides/generator.yaml to openapi-python-client's configuration."""

from __future__ import annotations

from pathlib import Path

from openapi_python_client.config import Config, ConfigFile, MetaType
from pydantic import ValidationError

from .errors import GenerationError, display_path
from .reading import Text

# These are set here, and the templates rely on them.
_RESERVED_KEYS = {
    *("docstrings_on_attributes", "http_timeout", "literal_enums", "package_name_override"),
    *("post_hooks", "project_name_override"),
}


def load_configuration(path: Path, *, package: str, spec: Path, destination: Path) -> Config:
    """Return the generator's configuration for one run.

    Args:
        path: The YAML file with the keys that may be set.
        package: The name of the package to make.
        spec: The file that the document comes from.
        destination: The folder that becomes the package.

    Raises:
        GenerationError: The file is missing or unreadable, a key is unknown, a value does not fit.
    """
    source = display_path(path)
    try:
        text = Text(path.read_bytes(), source, is_json=False)
    except OSError as error:
        raise GenerationError(f"{source}: cannot be read: {error.strerror}.") from None
    values = text.load() or {}
    known = [name for name in ConfigFile.model_fields if name not in _RESERVED_KEYS]
    if not isinstance(values, dict) or not values.keys() <= {*known}:
        unknown = ", ".join(values.keys() - {*known}) if isinstance(values, dict) else values
        raise GenerationError(f"{source}: unknown: {unknown}; known are {', '.join(known)}.")
    try:
        parsed = ConfigFile(**values)
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise GenerationError(f"{source} cannot be used.", problems) from None
    parsed.package_name_override = package
    parsed.post_hooks = []
    return Config.from_sources(
        parsed, MetaType.NONE, spec, "utf-8", overwrite=True, output_path=destination
    )
