"""What a run notes down: answers, what of the document was touched, findings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import schemathesis
from schemathesis.core import NotSet
from schemathesis.core.failures import Failure
from schemathesis.openapi.checks import JsonSchemaError

from . import sending
from .coverage import Coverage
from .errors import CannotRunError
from .findings import Finding, Result, Round
from .masking import Masking
from .model import secret_names
from .reproduction import repeatable_curl
from .subject import Subject
from .transport import PATIENCE, ClientTransport


class Ledger:
    """Notes down what happens, with every secret cut out of what will be shown.

    Args:
        subject: What is tested.

    Attributes:
        result: What came of it so far.
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._masking = Masking(secret_names(subject.document), subject.target.keys)
        self.result = Result(
            subject.target.name,
            subject.order,
            Coverage(subject.document),
            left_out=dict(subject.target.left_out),
        )

    def sent(self, operation_id: str, case: schemathesis.Case[Any]) -> None:
        """Note what a case sent."""
        coverage = self.result.coverage
        for place, values in (
            ("path", case.path_parameters),
            ("query", case.query),
            ("header", case.headers),
            ("cookie", case.cookies),
        ):
            for name, value in (values or {}).items() if isinstance(values, Mapping) else ():
                coverage.sent(operation_id, f"{place} {name}", value)
        if not isinstance(case.body, NotSet | bytes):
            coverage.sent(operation_id, "request body", case.body)

    def answered(self, operation_id: str, status: int, content: bytes) -> None:
        """Note an answer."""
        self.result.statuses[operation_id, status] += 1
        try:
            value = json.loads(content)
        except ValueError:
            value = None
        self._masking.learn(value)
        self.result.coverage.answered(operation_id, status, value)

    def find(self, found: Finding) -> None:
        """Note a finding, unless the server is known for it."""
        for excuse in self._subject.target.excuses:
            if found.check == excuse.check and excuse.words in found.message:
                self.result.excused[excuse.reason] += 1
                return
        cut, subject = self._masking.cut, self._subject
        curl = repeatable_curl(found.curl, subject.target, subject.shell_credentials())
        self.result.findings.append(
            replace(
                found,
                message=cut(found.message),
                curl=cut(curl),
                python=cut(found.python),
            )
        )

    def make_sure_it_is_there(self, transport: ClientTransport, done: Round) -> None:
        """Make sure that the server still answers.

        Raises:
            CannotRunError: It does not.
        """
        if transport.is_silent:
            raise CannotRunError(
                f"The server at {self._subject.target.url} takes connections and no longer "
                f"answers: the last {PATIENCE} requests of the {done.mode} client were given up "
                f"after {sending.SECONDS_A_CALL:g} s each. Look into the server's own log."
            )
        if not self._subject.target.is_there():
            raise CannotRunError(
                f"The server at {self._subject.target.url} stopped answering, after "
                f"{sum(self.result.statuses.values())} answers, while the {done.mode} client was "
                "used. Nothing listens there any more: look into the server's own log."
            )


def told(failure: Failure) -> str:
    """Return what a check found, with the place in the answer where it knows one."""
    if isinstance(failure, JsonSchemaError):
        path = "".join(
            f"[{part}]" if isinstance(part, int) else f".{part}" for part in failure.instance_path
        )
        return f"{failure.title}: ${path}: {failure.message.strip().splitlines()[0]}"
    return f"{failure.title}: {failure.message.strip()}" if failure.message else failure.title
