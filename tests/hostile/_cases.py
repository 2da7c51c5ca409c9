"""What tests are repeated for."""

from __future__ import annotations

import pytest

from tests.hostile._observe import MODES
from tests.hostile._operations import LISTS, OPERATIONS

each_mode = pytest.mark.parametrize("mode", MODES)
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=repr)
each_list = pytest.mark.parametrize("operation", LISTS, ids=repr)
