"""Sign-up and login with Portal, in FastAPI.

    PORTAL_API_KEY=... SESSION_SECRET=... uvicorn --factory app:create_app

Settings, from the environment: SESSION_SECRET signs the session's cookie; DATABASE is the SQLite
file; PORTAL_WEB is the origin that Portal's frame is served from.
"""

import hashlib
import hmac
import os
import secrets
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse, RedirectResponse
from portal_v1 import AsyncPortal, PortalError
from pydantic import BaseModel
from starlette.middleware.sessions import SessionMiddleware


class Credentials(BaseModel):
    """What a user types in."""

    email: str
    password: str


class Users:
    """The users, in an SQLite file: their passwords' digests, and the ids of their clients."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._run(
            "CREATE TABLE IF NOT EXISTS users "
            "(email TEXT PRIMARY KEY, salt BLOB, digest BLOB, client_id TEXT)"
        )

    def add(self, email: str, password: str) -> bool:
        """Add a user without a client. False where the address is taken."""
        salt = secrets.token_bytes(16)
        try:
            self._run(
                "INSERT INTO users VALUES (?, ?, ?, NULL)", email, salt, _digest(password, salt)
            )
        except sqlite3.IntegrityError:
            return False
        return True

    def check(self, email: str, password: str) -> bool:
        """Whether this is the user's password."""
        rows = self._run("SELECT salt, digest FROM users WHERE email = ?", email)
        salt, digest = rows[0] if rows else (b"", b"")
        return hmac.compare_digest(_digest(password, salt), digest)

    def client_id(self, email: str) -> str | None:
        """The id of the user's client; None where there is none yet."""
        rows = self._run("SELECT client_id FROM users WHERE email = ?", email)
        return rows[0][0] if rows else None

    def keep_client(self, email: str, client_id: str) -> str:
        """Remember a new client, unless the user has one by now. The id of the user's client."""
        keep = "UPDATE users SET client_id = ? WHERE email = ? AND client_id IS NULL"
        self._run(keep, client_id, email)
        return self.client_id(email) or client_id

    def _run(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self._path)) as database, database:
            return database.execute(statement, values).fetchall()


def _digest(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)


def create_app(portal: AsyncPortal | None = None) -> FastAPI:
    """Return the app. Without a client it makes its own, from PORTAL_API_KEY."""
    users = Users(os.environ.get("DATABASE", "users.db"))
    portal_web = os.environ.get("PORTAL_WEB", "https://web.portalhq.io")
    client = portal or AsyncPortal(timeout=10)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with client:
            yield

    app = FastAPI(lifespan=lifespan)
    # Portal's frame is another site, and has to bring the cookie along.
    app.add_middleware(
        SessionMiddleware,
        secret_key=os.environ["SESSION_SECRET"],
        same_site="none",
        https_only=True,
    )

    async def session_token(email: str) -> str:
        client_id = await run_in_threadpool(users.client_id, email)
        if client_id is None:
            # Also where an earlier create was lost: at worst it left a client that nobody uses.
            created = await client.clients.create(is_account_abstracted=True)
            client_id = await run_in_threadpool(users.keep_client, email, created.id)
            if client_id == created.id:
                return created.client_session_token
        return (await client.clients.refresh_session(client_id)).client_session_token

    @app.post("/signup", status_code=201)
    async def sign_up(request: Request, given: Credentials) -> JSONResponse:
        if not await run_in_threadpool(users.add, given.email, given.password):
            raise HTTPException(409, "This address is taken.")
        return await begin_session(request, given.email, 201)

    @app.post("/login")
    async def log_in(request: Request, given: Credentials) -> JSONResponse:
        if not await run_in_threadpool(users.check, given.email, given.password):
            raise HTTPException(401, "The address or the password is wrong.")
        return await begin_session(request, given.email, 200)

    async def begin_session(request: Request, email: str, status: int) -> JSONResponse:
        token = {"client_session_token": await session_token(email)}
        request.session["email"] = email
        return JSONResponse(token, status, headers={"Cache-Control": "no-store"})

    @app.exception_handler(PortalError)
    async def report(_: Request, error: PortalError) -> JSONResponse:
        headers = {"Retry-After": str(round(error.retry_after or 5))}
        return JSONResponse({"detail": "Please try again in a moment."}, 503, headers=headers)

    # An app of its own, so that Portal's origin may read this route and no other.
    web = FastAPI()
    web.add_middleware(CORSMiddleware, allow_origins=[portal_web], allow_credentials=True)
    web.exception_handler(PortalError)(report)
    app.mount("/portal", web)

    @web.get("/authenticate")
    async def authenticate(request: Request) -> RedirectResponse:
        client_id = await run_in_threadpool(users.client_id, request.session.get("email", ""))
        if client_id is None:
            raise HTTPException(401, "Log in first.")
        otp = (await client.clients.generate_web_otp(client_id)).otp
        url = f"{portal_web}/clients/token/validate?{urlencode({'otp': otp})}"
        return RedirectResponse(url, 302, headers={"Cache-Control": "no-store"})

    return app
