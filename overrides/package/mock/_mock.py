"""The mock that users hold: one core and one state, with its faces."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from os import PathLike
from random import Random
from typing import Any, Self

from .._document import load_document
from .._http import httpx
from .._service import OperationId
from ._clock import LOCK, MockClock
from ._control import Control
from ._engine import Engine
from ._faces import InProcessTransport, MockServer
from ._faults import EARLY, Exchange, Fault, FaultName, apply_faults, check_fault, select_faults
from ._journal import Entry, Journal
from ._messages import Answer, Headers
from ._operations import Request
from ._schemas import Rule, find_rules
from ._state import State

_NOWHERE = "https://mock.invalid"  # nobody's, by RFC 2606: a request past the mock reaches nothing
_MOST_SEEDED = 10_000_000  # takes minutes


@dataclass(frozen=True)
class Snapshot:
    """What a mock knew at one time: its state, and by how much its clock was moved on."""

    state: bytes = field(repr=False)
    offset: float


class Mock:
    """A server that answers as an OpenAPI document says, with a memory.

    All faces (in-process transports, TCP servers) share one state. Everything may be used from
    several threads at once. Closing is optional; a mock that is dropped closes its database.

    Args:
        document: The OpenAPI 3.1 document to serve; by default this package's own.
        api_keys: The API keys that are accepted. By default every key is that is not empty.
            Each key is a custodian, who sees nothing of the others.
        seed: What ids, keys and tokens follow from: the same seed and the same requests give
            the same answers.
        db: A database file, made where there is none, in which the state outlives the mock. By
            default the state is kept in memory.
        clock: Gives the time in seconds since 1970, by default the machine's;
            `mock.clock.advance(hours=25)` moves it on.
        rate_limit: How many requests a custodian may send in any minute; by default any number.
        latency: By how many seconds every answer is late.
        strict: Whether a request is refused for what the document does not describe, such as keys
            of a body or none of the Content-Type asked for; by default the journal says so.
        log: A file to which each request and its answer is added as a line of JSON, masked.

    Raises:
        DocumentError: The document cannot be served.
        StateError: The database file or the log cannot be used.
    """

    def __init__(
        self,
        document: Mapping[str, Any] | None = None,
        *,
        api_keys: Collection[str] | None = None,
        seed: int = 0,
        db: str | PathLike[str] | None = None,
        clock: Callable[[], float] | None = None,
        rate_limit: int | None = None,
        latency: float = 0.0,
        strict: bool = False,
        log: str | PathLike[str] | None = None,
    ) -> None:
        if isinstance(api_keys, str):
            raise TypeError("api_keys takes a list of keys, not one string")
        if not 0 <= latency < math.inf:
            raise ValueError(f"latency is a number of seconds from 0, not {latency!r}")
        self.document: Mapping[str, Any] = load_document() if document is None else document
        self.clock = MockClock(clock)
        self._state = State(db, self.clock)
        self._engine = Engine(self.document, self._state, seed, api_keys, rate_limit, strict=strict)
        self._journal = Journal(self.document, self.operations, log)
        self._faults: list[Fault] = []
        self._faults_set = 0
        self._seed, self._latency = seed, latency
        self._servers: list[MockServer] = []

    @property
    def base_url(self) -> str:
        """The base URL that in-process clients use. Nothing listens there."""
        return _NOWHERE + self._engine.base_path

    @property
    def operations(self) -> list[str]:
        """The operationIds of the document, in its order."""
        return [operation.id for operation in self._engine.operations]

    @property
    def effects(self) -> dict[str, str]:
        """What each of those that have a memory does to it, in words."""
        return {one.id: str(each.effect) for one, each in self._engine.behaviours.items()}

    def handle(self, method: str, target: str, headers: Headers, body: bytes) -> Answer:
        """Answer one request (a path and query as on the wire): each face comes through here."""
        begun = self.begin(method, target, headers)
        return begun if isinstance(begun, Answer) else begun(body)

    def begin(
        self, method: str, target: str, headers: Headers
    ) -> Answer | Callable[[bytes], Answer]:
        """Begin with the head of a request: what answers it with its body, or at once."""
        now, headers = self.clock(), list(headers)
        request = self._engine.route(method, target, headers, b"")
        name = request.operation.id if isinstance(request, Request) else None
        seen = {"time": now, "operation_id": name, "method": method, "target": target}
        active = select_faults(self.faults, name)
        faults = tuple(fault.name for fault in active)

        def finish(body: bytes) -> Answer:
            begun = time.perf_counter()
            answer = request
            if isinstance(answer, Request):
                known, engine = answer._replace(body=body), self._engine
                serve, refuse = partial(engine.serve, known), partial(engine.refuse, known)
                also_seen = known.operation.responses.also_seen
                answer = apply_faults(active, Exchange(serve, refuse, also_seen))
            answer = answer._replace(delay=answer.delay + self._latency)
            took = time.perf_counter() - begun
            self._journal.add(answer, headers, body, duration=took, faults=faults, **seen)
            return answer

        return finish(b"") if active and active[0].name == EARLY else finish

    def fault(
        self,
        name: FaultName,
        operation: OperationId | None = None,
        *,
        times: int | None = None,
        after: int = 0,
        probability: float = 1.0,
        **settings: Any,
    ) -> Fault:
        """Set a fault. It stays until it is removed, or the `with` block of it ends.

        Args:
            name: What goes wrong; `FAULTS` of this module has all names and their settings.
            operation: The operationId that it concerns; None for every operation.
            times: How often it strikes; None for as often as it can.
            after: How many requests it lets pass first.
            probability: How likely it strikes, from 0 to 1; chance follows from the seed.
            **settings: The settings of the kind, such as `status=500`.

        Raises:
            FaultError: The name, the operation or a setting is not known.
        """
        when: dict[str, Any] = {"times": times, "after": after, "probability": probability}
        order = {"fault": name, "operation": operation, **when, **settings}
        check_fault(order, self.operations)
        with LOCK:
            self._faults_set += 1
            number = self._faults_set
            chance = Random(f"{self._seed}:{number}")  # noqa: S311 - chance, not secrecy
            fault = Fault(self._faults, chance, number, name, operation, settings, **when)
            self._faults.append(fault)
        return fault

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults that are set."""
        return tuple(self._faults)

    def clear_faults(self) -> None:
        """Take all faults away."""
        with LOCK:
            self._faults.clear()
            self._faults_set = 0

    def calls(self, operation: OperationId | None = None) -> list[Entry]:
        """The newest 10,000 requests, of one operation or of all, oldest first, secrets masked.

        Raises:
            FaultError: There is no such operation.
        """
        return self._journal.entries(operation)

    def redeem_otp(self, otp: str) -> str | None:
        """Use a web one-time password, as the browser does. Gives the id of its client, if any."""
        return self._state.redeem(otp)

    def session_is_live(self, token: str) -> bool:
        """Whether a client session token is known and has not lapsed. Asking does not use it.

        It lapses 24 hours after its last use, and 7 days after it was made.
        """
        return self._state.is_live(token, use=False)

    def use_session(self, token: str) -> bool:
        """Use a client session token, as the client's device does. Whether it was live."""
        return self._state.is_live(token, use=True)

    def seed_clients(
        self, count: int, *, api_key: str = "mock-api-key", has_wallet: bool = False
    ) -> None:
        """Add many clients at once, a million in seconds. They have no sessions yet.

        Args:
            count: How many, ten million at most. Nobody else is answered meanwhile.
            api_key: The custodian whose clients they are.
            has_wallet: Whether what may be null is not, as after a device's first use; where the
                document has several examples, as for a status, they take turns.
        """
        if not 0 <= count <= _MOST_SEEDED:
            raise ValueError(f"count is a number from 0 to {_MOST_SEEDED:,}, not {count:,}")
        self._engine.find_maker().seed(api_key, count, filled=has_wallet)

    def advance_client(self, client_id: str, *, api_key: str = "mock-api-key") -> bool:
        """Take a client's wallet one step on, as its device does. Whether there was one to take.

        What may be null gets its first value, then each example that the document has, in order.

        Raises:
            LookupError: The custodian has no such client.
        """
        return self._engine.find_maker().advance(api_key, client_id)

    @property
    def rules(self) -> list[Rule]:
        """What the document says of its own statements: the name, basis and source of each."""
        return list(find_rules(self.document))

    def snapshot(self) -> Snapshot:
        """What the mock knows, for `restore`: clients, sessions, passwords, clock."""
        return Snapshot(self._state.dump(), self.clock.offset)

    def restore(self, snapshot: Snapshot) -> None:
        """Know what a snapshot knows, and nothing else. Faults and journal stay."""
        self._state.load(snapshot.state)
        self.clock.reset(snapshot.offset)

    def reset(self) -> None:
        """Forget everything: state, faults, journal, what was sent, how the clock was moved."""
        self.clear_faults()
        self._state.clear()
        self._journal.reset()
        self.clock.reset()
        self._engine.sent.clear()

    def transport(self) -> httpx.BaseTransport:
        """A transport for an `httpx.Client` that talks to the mock in-process."""
        return InProcessTransport(self.handle)

    def async_transport(self) -> httpx.AsyncBaseTransport:
        """A transport for an `httpx.AsyncClient` that talks to the mock in-process."""
        return InProcessTransport(self.handle)

    def serve(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        control: bool = True,
        allow_hosts: Collection[str] = (),
    ) -> MockServer:
        """Start a TCP server. It is ready when this returns.

        Args:
            host: The address or name to listen on.
            port: The port; 0 takes a free one.
            control: Whether this machine finds the mock's page and control API at `/__mock__/`.
            allow_hosts: The names by which other machines may use them too.

        Returns:
            The running server, a context manager: `with mock.serve() as server: server.url`.

        Raises:
            ServeError: It cannot listen there.
        """
        own = (self._engine, self._state, self._journal)
        face = Control(self, *own, allow_hosts) if control else None
        self._servers.append(MockServer(self, host, port, face))
        return self._servers[-1]

    def close(self) -> None:
        """Stop the servers and close the database. May be called again."""
        while self._servers:
            self._servers.pop().close()
        self._journal.close()
        self._state.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
