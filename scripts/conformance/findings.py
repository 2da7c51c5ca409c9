"""What a run found, and what it did to find it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from .coverage import Coverage
from .sending import Digest, Mode


@dataclass(frozen=True)
class Finding:
    """Something that is not as the document says.

    Attributes:
        mode: "sync" or "async", the client that was used.
        phase: When it was found.
        operation_id: The operation.
        check: The check that noticed it.
        message: What is wrong, with the path in the answer where there is one.
        curl: The request as a curl command.
        python: The same through the client, a line or several; empty where it was sent raw.
    """

    mode: str
    phase: str
    operation_id: str
    check: str
    message: str
    curl: str = ""
    python: str = ""


@dataclass
class Round:
    """One run through all phases with one of the clients.

    Attributes:
        mode: "sync" or "async".
        digest: A fingerprint of all requests.
        requests: How many were sent, by phase.
        seconds: How long each phase took.
        calls: How many cases the client sent, by operationId.
        raw: How many it could not express, by the reason.
        refused: How many it refused to send, by the error's class.
    """

    mode: Mode
    digest: Digest = field(default_factory=Digest)
    requests: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    raw: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Order:
    """What was asked for.

    Attributes:
        spec: The document's file.
        seed: What all chance follows from.
        examples: How many cases the fuzzing phase makes an operation, at the most.
    """

    spec: str
    seed: int
    examples: int


@dataclass
class Result:
    """What came of a whole run.

    Attributes:
        target: What the server is called.
        order: What was asked for.
        coverage: What of the document was touched.
        rounds: The runs, one a client.
        statuses: Answers, by operationId and status.
        checks: Checks that passed and failed, by operationId, check and outcome.
        findings: What is not as it should be.
        left_out: What was not tested, with the reason.
        excused: Findings that are the server's own doing, by the reason.
    """

    target: str
    order: Order
    coverage: Coverage
    rounds: list[Round] = field(default_factory=list)
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    checks: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    excused: Counter[str] = field(default_factory=Counter)

    @property
    def calls(self) -> int:
        """How many calls went through the client."""
        return sum(one.calls.total() for one in self.rounds)
