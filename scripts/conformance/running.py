"""Everything, once with the sync client and once with the async one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, Final

from .endpoints import endpoints, named
from .findings import Order, Result, Round
from .ledger import Ledger
from .phases import run_phases
from .probing import probe
from .sending import Mode
from .stays import Stays
from .subject import Subject
from .target import Target

MODES: Final[tuple[Mode, ...]] = ("sync", "async")


def run(
    package: ModuleType,
    document: Mapping[str, Any],
    target: Target,
    order: Order,
    *,
    progress: Callable[[Round, str], None],
) -> Result:
    """Hold a package and a server to a document.

    Args:
        package: The generated package, whose client sends.
        document: The OpenAPI document that the answers are held to.
        target: The server.
        order: What was asked for.
        progress: Called with the round and the phase's name when a phase is over.

    Raises:
        CannotRunError: The package is not of this document; or the server is not the API,
            refuses the key, or went away.
    """
    complete = named(document)
    subject = Subject(package, complete, endpoints(package, complete), target, order)
    ledger = Ledger(subject)
    # The client tells of each repeat; there will be many, and all are looked at.
    logging.getLogger(package.client.SERVICE.logger).addHandler(logging.NullHandler())
    if target.mock is None:
        probe(package, complete, subject.endpoints, target)
    for mode in MODES:
        done = Round(mode)
        ledger.result.rounds.append(done)
        run_phases(subject, ledger, done, progress)
        if "walks" not in target.left_out:
            Stays(subject, ledger, done, progress)()
    return ledger.result
