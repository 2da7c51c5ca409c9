"""How the documentation is built: `make docs`. It is Sphinx with furo, and reads no network."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "generated"), str(HERE / "_extensions")]

import portal_v1  # noqa: E402 - found by the path set above

project = "portal-v1"
author = "The portal-v1 authors"
project_copyright = author
release = version = portal_v1.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "from_document",
    "redoc",
]
exclude_patterns = ["examples", "README.md"]
nitpicky = False

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "exclude-members": "additional_keys"}
add_module_names = False
python_use_unqualified_type_names = True
maximum_signature_line_length = 72
napoleon_use_ivar = True
napoleon_use_rtype = False
napoleon_preprocess_types = True
napoleon_custom_sections = [("Yields", "returns_style")]

html_theme = "furo"
html_favicon = "_static/icon.svg"
html_title = f"portal-v1 {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_search_summary = False  # it would fetch pages, which a browser allows no page from a file
html_show_sphinx = False
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
