# Edited in overrides/package/mock/_behaviour.py, from where `make generate` copies it.
"""What the operations with a memory do, by operationId.

A behaviour takes the state and a call and gives the values it knows by property name: one
mapping, or an iterator with one for each item of a list. It raises `RefusalError` with the
state's own words. What the answer looks like is not its business: the document says that (see
`_templates`). Where the document has no operation of a name, its behaviour is never asked; an
operation that has no behaviour is answered from the document alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from ._json import is_object
from ._messages import bad_request
from ._state import Client, State

Values: TypeAlias = Mapping[str, Any]


class Call(NamedTuple):
    """One valid call of an operation."""

    custodian: int
    path: Mapping[str, str]  # the path's variables, decoded, in the path's order
    parameters: Mapping[str, Any]  # all parameters by name, as values
    body: Any


Behaviour: TypeAlias = Callable[[State, Call], Values | Iterator[Values]]


def create_client(state: State, call: Call) -> Values:
    """A new client with its first session."""
    body = call.body if is_object(call.body) else {}
    client, session = state.create_client(
        call.custodian, is_account_abstracted=body.get("isAccountAbstracted") is True
    )
    return {**_shown(client), "clientSessionToken": session}


def get_client(state: State, call: Call) -> Values:
    """The client that the path names."""
    return _shown(_named(state, call))


def list_clients(state: State, call: Call) -> Iterator[Values]:
    """All clients of the custodian, oldest first."""
    return map(_shown, state.clients(call.custodian))


def refresh_client_session(state: State, call: Call) -> Values:
    """A new session token; those handed out before stay as they are."""
    client = _named(state, call)
    return {**_shown(client), "clientSessionToken": state.create_session(client)}


def generate_client_web_otp(state: State, call: Call) -> Values:
    """A new one-time password; those handed out before stay as they are."""
    client = _named(state, call)
    return {**_shown(client), "otp": state.create_otp(client)}


BEHAVIOURS: Mapping[str, Behaviour] = {
    "createClient": create_client,
    "getClient": get_client,
    "listClients": list_clients,
    "refreshClientSession": refresh_client_session,
    "generateClientWebOtp": generate_client_web_otp,
}


def _named(state: State, call: Call) -> Client:
    """The client whose id is the last variable of the path, whatever that is called."""
    client_id = list(call.path.values())[-1]
    client = state.client(call.custodian, client_id)
    if client is None:
        raise bad_request("Client not found")
    return client


def _shown(client: Client) -> Values:
    return {
        "id": client.id,
        "address": client.address,
        "backupStatus": client.backup_status,
        "clientApiKey": client.api_key,
        "isAccountAbstracted": client.is_account_abstracted,
        "signingStatus": client.signing_status,
    }
