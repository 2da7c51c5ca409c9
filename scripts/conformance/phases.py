"""schemathesis' own phases, with every case sent through the client."""

from __future__ import annotations

import time
from collections.abc import Callable

from schemathesis.engine import Status, events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.engine.run import INTERNAL_PHASES

from . import agreement  # noqa: F401 - importing it registers the check
from .errors import CannotRunError
from .findings import Finding, Round
from .ledger import Ledger, told
from .reproduction import as_python
from .sending import caller
from .subject import Subject
from .transport import ClientTransport, bound


def run_phases(
    subject: Subject, ledger: Ledger, done: Round, progress: Callable[[Round, str], None]
) -> None:
    """Run examples, coverage, fuzzing and stateful.

    Args:
        subject: What is tested.
        ledger: Where it is noted.
        done: The round that this is part of.
        progress: Called when a phase is over.

    Raises:
        CannotRunError: The server went away.
    """
    if subject.target.mock is not None:
        subject.target.mock.reset()
    calling = caller(subject.package, subject.target.url, done.mode)
    transport = ClientTransport(subject.package, subject.endpoints, calling, done.digest)
    schema = bound(subject.schema(), transport)
    stream, begun, sent = from_schema(schema).execute(), time.monotonic(), 0
    try:
        for event in stream:
            if isinstance(event, events.ScenarioFinished):
                _record(subject, ledger, event.recorder, transport, done, str(event.phase))
                transport.forget()
            elif isinstance(event, events.NonFatalError | events.FatalError):
                _error(subject, ledger, event, transport, done)
            elif isinstance(event, events.Interrupted):
                raise KeyboardInterrupt
            elif isinstance(event, events.PhaseFinished):
                name = str(event.phase.name)
                if event.phase.name not in INTERNAL_PHASES:
                    done.requests[name] = transport.digest.count - sent
                    done.seconds[name] = time.monotonic() - begun
                    progress(done, name)
                begun, sent = time.monotonic(), transport.digest.count
    finally:
        calling.close()
    done.calls.update(transport.calls)
    done.raw.update(transport.raw)
    done.refused.update(transport.refused)


def _record(  # noqa: PLR0913, PLR0917 - all of one event
    subject: Subject,
    ledger: Ledger,
    recorder: ScenarioRecorder,
    transport: ClientTransport,
    done: Round,
    phase: str,
) -> None:
    for case_id, node in recorder.cases.items():
        case = node.value
        operation_id = case.operation.definition.raw["operationId"]
        interaction = recorder.interactions.get(case_id)
        if interaction is None or interaction.response is None:
            continue
        response = interaction.response
        if case.method.upper() == subject.endpoints[operation_id].method:
            ledger.sent(operation_id, case)
            ledger.answered(operation_id, response.status_code, response.content)
        for check in recorder.checks.get(case_id, []):
            ledger.result.checks[operation_id, check.name, check.status.value] += 1
            if check.status is Status.FAILURE and check.failure_info is not None:
                outcome = transport.outcome(case)
                ledger.find(
                    Finding(
                        done.mode,
                        phase,
                        operation_id,
                        check.name,
                        told(check.failure_info.failure),
                        curl=check.failure_info.code_sample,
                        python=as_python(outcome.call) if outcome else "",
                    )
                )


def _error(
    subject: Subject,
    ledger: Ledger,
    event: events.NonFatalError | events.FatalError,
    transport: ClientTransport,
    done: Round,
) -> None:
    ledger.make_sure_it_is_there(transport, done)
    if isinstance(event, events.FatalError):
        raise CannotRunError(
            f"schemathesis could not go on: {type(event.exception).__name__}: {event.exception}"
        ) from None
    message = f"{event.info.title}: {event.info.message}"
    label, phase = subject.operation_id(event.label), str(event.phase or "")
    ledger.find(Finding(done.mode, phase, label, "an answer", message))
