"""What tests are repeated for."""

from __future__ import annotations

import pytest

from tests.network._observe import MODES
from tests.network._operations import LISTS, OPERATIONS

each_mode = pytest.mark.parametrize("mode", MODES)
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=repr)
each_list = pytest.mark.parametrize("operation", LISTS, ids=repr)
