"""Carries the plan out: each operation once, then the questions that the reference leaves open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from portal_v1 import APIConnectionError, AuthenticationError, Portal

from .calling import Arguments, Caller, Exchange, NotCallableError
from .expressions import NotThereError, Said
from .judging import Expected, Judge
from .operations import Link, Operation
from .planning import Step
from .probing import Probe, unlike
from .rows import Level, Row


class StoppedError(Exception):
    """The run cannot go on. The message says why, and what to do."""


@dataclass(frozen=True)
class Result:
    """What became of an operation, or of a question.

    Attributes:
        operation: The operation.
        question: The question; empty where the operation was called for itself.
        rows: What is to be said of the answer.
        exchange: The call and its answer; None where it was not called.
        reason: Why it was not called; empty where it was.
        was_planned: Whether it was clear from the document that it cannot be called.
    """

    operation: Operation
    question: str = ""
    rows: Sequence[Row] = ()
    exchange: Exchange | None = None
    reason: str = ""
    was_planned: bool = False

    @property
    def differs(self) -> bool:
        """Whether anything is not as documented."""
        if self.exchange is None:
            return not self.was_planned
        return any(row.level is Level.DIFFERS for row in self.rows)

    @property
    def succeeded(self) -> bool:
        """Whether the operation was carried out."""
        status = None if self.exchange is None else self.exchange.status
        return status is not None and status in Expected.SUCCESS.value


@dataclass
class Run:
    """One run against one server.

    Attributes:
        portal: The client to call with.
        stranger: A client whose key nobody knows.
        caller: What calls.
        judge: What compares.
    """

    portal: Portal
    stranger: Portal
    caller: Caller
    judge: Judge
    _said: dict[str, Said] = field(default_factory=dict)

    def operations(self, steps: Sequence[Step]) -> Iterator[Result]:
        """Call each operation once.

        Raises:
            StoppedError: The key was refused, or nothing listens there.
        """
        for step in steps:
            if step.refusal:
                yield Result(step.operation, reason=step.refusal, was_planned=True)
                continue
            try:
                arguments, body, made_here = self._arguments(step)
                exchange = self.caller.call(self.portal, step.operation, arguments, body)
            except NotCallableError as error:
                yield Result(step.operation, reason=str(error))
                continue
            is_first = not self._said
            self._said[step.operation.id] = Said(exchange, arguments, body, made_here)
            rows = self.judge.rows(step.operation, exchange, Expected.SUCCESS)
            yield Result(step.operation, rows=rows, exchange=exchange)
            self._stop_where_there_is_no_use(exchange, is_first=is_first)

    def questions(self, probes: Sequence[Probe]) -> Iterator[Result]:
        """Ask each question once."""
        for probe in probes:
            operation = probe.operation
            said = self._said.get(operation.id)
            arguments = dict(_examples(operation) if said is None else said.arguments)
            portal = self.portal
            if probe.unknown is None:
                portal = self.stranger
            else:
                arguments[probe.unknown] = unlike(arguments.get(probe.unknown))
            try:
                _check(operation, arguments)
                body = () if said is None else said.body
                exchange = self.caller.call(portal, operation, arguments, body)
            except NotCallableError as error:
                yield Result(operation, probe.question, reason=str(error))
                continue
            rows = self.judge.rows(operation, exchange, probe.expected, shows_values=False)
            yield Result(operation, probe.question, rows=rows, exchange=exchange)

    def _stop_where_there_is_no_use(self, exchange: Exchange, *, is_first: bool) -> None:
        error = exchange.error
        if isinstance(error, AuthenticationError):
            raise StoppedError(
                "The server refused the key (401), so nothing further was called. Check that it "
                "is whole, and that it belongs to this server."
            )
        if is_first and isinstance(error, APIConnectionError) and not error.maybe_processed:
            raise StoppedError("Nothing answers there, so nothing further was called.")

    def _arguments(
        self, step: Step
    ) -> tuple[Arguments, tuple[Any, ...], frozenset[tuple[str, str]]]:
        """What an operation is called with, and which of it names what this run has created."""
        problems: list[str] = []
        for link in step.feeds:
            try:
                return self._fed(step.operation, link)
            except NotThereError as error:
                problems.append(f"{link.source} does not feed it: {error}.")
        if problems:
            raise NotCallableError(" ".join(dict.fromkeys(problems)))
        body = step.operation.body
        return _examples(step.operation), () if body is None else body.example, frozenset()

    def _fed(
        self, operation: Operation, link: Link
    ) -> tuple[Arguments, tuple[Any, ...], frozenset[tuple[str, str]]]:
        source = self._source(link)
        answer_is_new = link.is_of_something_new and source.exchange.status == 201  # noqa: PLR2004
        arguments = dict(_examples(operation))
        made_here = set()
        for parameter in operation.parameters:
            for expression in link.feed_of(parameter):
                place = (parameter.location, parameter.name)
                arguments[place] = source.value(expression)
                if source.is_made_here(expression, answer_is_new=answer_is_new):
                    made_here.add(place)
        path = {(one.location, one.name) for one in operation.path_parameters}
        if operation.deletes and not (path and path <= made_here):
            raise NotThereError(
                f"its answer was {source.exchange.status}, so what it names may not be new, and "
                "this deletes"
            )
        body = () if operation.body is None else operation.body.example
        return (
            arguments,
            tuple(map(source.value, link.body)) or body,
            frozenset(made_here),
        )

    def _source(self, link: Link) -> Said:
        source = self._said.get(link.source)
        if source is None:
            raise NotThereError("it was not called")
        status = source.exchange.status
        if status is None:
            raise NotThereError("it gave no answer")
        is_success = status in Expected.SUCCESS.value
        # A success that is not documented feeds as the documented one would.
        if str(status) != link.status and not (is_success and link.status.startswith(("2", "d"))):
            raise NotThereError(f"its answer was {status}")
        return source


def _examples(operation: Operation) -> Arguments:
    return {
        (one.location, one.name): one.example[0]
        for one in operation.parameters
        if one.required and one.example
    }


def _check(operation: Operation, arguments: Arguments) -> None:
    for one in operation.parameters:
        if one.required and (one.location, one.name) not in arguments:
            raise NotCallableError(f"Nothing feeds its {one.location} parameter {one.name}.")
