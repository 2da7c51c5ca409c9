"""Which operations are called, in which order, and what feeds them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .operations import Link, Operation


@dataclass(frozen=True)
class Step:
    """An operation of the plan.

    Attributes:
        operation: The operation.
        feeds: The links that can feed it, the best first. Where there is any, one has to.
        refusal: Why it is not called; empty where it is.
    """

    operation: Operation
    feeds: tuple[Link, ...] = ()
    refusal: str = ""


def planned(operations: Iterable[Operation]) -> tuple[Step, ...]:
    """Return a step for each operation, those that are not called at the end.

    An operation comes after those whose answers feed it, and one that deletes after all others,
    what lies deeper first.
    """
    listed = list(operations)
    deleting = sorted((one for one in listed if one.deletes), key=lambda one: -one.path.count("/"))
    waiting = [one for one in listed if not one.deletes] + deleting
    links = [link for one in listed for link in one.links]
    steps: list[Step] = []
    while (chosen := _next(waiting, steps, links)) is not None:
        waiting.remove(chosen)
        steps.append(Step(chosen, _feeds(chosen, steps, links)))
    rest = [one for one in listed if one in waiting]
    return (*steps, *(Step(one, refusal=_refusal(one, links)) for one in rest))


def _next(waiting: list[Operation], steps: list[Step], links: list[Link]) -> Operation | None:
    done = {step.operation.id for step in steps}
    for deletes in (False, True):
        able = [
            one
            for one in waiting
            if one.deletes is deletes and not _refusal(one, _from(done, links))
        ]
        ahead = {one.id for one in waiting}
        for one in able:
            sources = {link.source for link in links if link.target == one.id} - {one.id}
            if not sources & ahead:
                return one
        if able:
            return able[0]
    return None


def _from(sources: set[str], links: list[Link]) -> list[Link]:
    return [link for link in links if link.source in sources]


def _feeds(operation: Operation, steps: list[Step], links: list[Link]) -> tuple[Link, ...]:
    """The links that give an operation anything, those of something new first."""
    able = [
        link
        for link in _from({step.operation.id for step in steps}, links)
        if link.target == operation.id
        and (link.parameters or link.body)
        and not _lacking(operation, link)
        and (_is_ours(operation, link) or not operation.deletes)
    ]
    return tuple(sorted(able, key=lambda link: not link.is_of_something_new))


def _refusal(operation: Operation, links: list[Link]) -> str:
    """Why an operation cannot be called with what these links give; empty where it can."""
    aimed = [link for link in links if link.target == operation.id]
    if operation.deletes:
        if any(_is_ours(operation, one) and not _lacking(operation, one) for one in aimed):
            return ""
        return "It deletes, and no link feeds it what this run has created."
    if not _lacking(operation, None) or any(not _lacking(operation, one) for one in aimed):
        return ""
    lacking = " and ".join(_lacking(operation, None))
    return f"Nothing feeds its {lacking}: no link of an operation that is called, no example."


def _lacking(operation: Operation, link: Link | None) -> list[str]:
    """What an operation has to be given that neither the link nor an example gives."""
    lacking = [
        f"{one.location} parameter {one.name}"
        for one in operation.parameters
        if one.required and not one.example and not (link and link.feed_of(one))
    ]
    body = operation.body
    if body is not None and body.required and not body.example and not (link and link.body):
        lacking.append("body")
    return lacking


def _is_ours(operation: Operation, link: Link) -> bool:
    """Whether the link feeds all of the operation's path from what this run has created."""
    path = operation.path_parameters
    return bool(path) and link.is_of_something_new and all(link.feed_of(one) for one in path)
