"""Sign-up and login with Portal, in Flask.

    PORTAL_API_KEY=... SESSION_SECRET=... flask --app app run

Settings, from the environment: SESSION_SECRET signs the session's cookie; DATABASE is the SQLite
file; PORTAL_WEB is the origin that Portal's frame is served from.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, abort, jsonify, redirect, request, session
from flask.typing import ResponseReturnValue
from portal_v1 import Portal, PortalError
from werkzeug.security import check_password_hash, generate_password_hash

PAGE = Path(__file__).with_name("index.html").read_text("utf-8")


class Users:
    """The users, in an SQLite file: their passwords' digests, and the ids of their clients."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._run("CREATE TABLE IF NOT EXISTS users (email PRIMARY KEY, digest, client_id)")

    def add(self, email: str, password: str) -> bool:
        """Add a user without a client. False where the address is taken."""
        try:
            self._run(
                "INSERT INTO users VALUES (?, ?, NULL)", email, generate_password_hash(password)
            )
        except sqlite3.IntegrityError:
            return False
        return True

    def check(self, email: str, password: str) -> bool:
        """Whether this is the user's password."""
        rows = self._run("SELECT digest FROM users WHERE email = ?", email)
        return bool(rows) and check_password_hash(rows[0][0], password)

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


def create_app(portal: Portal | None = None) -> Flask:
    """Return the app. Without a client it makes its own, from PORTAL_API_KEY."""
    users = Users(os.environ.get("DATABASE", "users.db"))
    portal_web = os.environ.get("PORTAL_WEB", "https://web.portalhq.io")
    client = portal or Portal(timeout=10)

    app = Flask(__name__)
    app.secret_key = os.environ["SESSION_SECRET"]
    # Portal's frame is another site, and has to bring the cookie along.
    app.config.update(SESSION_COOKIE_SAMESITE="None", SESSION_COOKIE_SECURE=True)

    def session_token(email: str) -> str:
        client_id = users.client_id(email)
        if client_id is None:
            # Also where an earlier create was lost: at worst it left a client that nobody uses.
            created = client.clients.create(is_account_abstracted=True)
            client_id = users.keep_client(email, created.id)
            if client_id == created.id:
                return created.client_session_token
        return client.clients.refresh_session(client_id).client_session_token

    def begin_session(email: str, status: int) -> tuple[Response, int]:
        answer = jsonify(client_session_token=session_token(email))
        answer.cache_control.no_store = True
        session["email"] = email
        return answer, status

    @app.get("/")
    def index() -> str:
        return PAGE

    # Only JSON is read: a form on another site cannot send it.
    @app.post("/signup")
    def sign_up() -> tuple[Response, int]:
        given = request.get_json()
        if not users.add(given["email"], given["password"]):
            abort(409, "This address is taken.")
        return begin_session(given["email"], 201)

    @app.post("/login")
    def log_in() -> tuple[Response, int]:
        given = request.get_json()
        if not users.check(given["email"], given["password"]):
            abort(401, "The address or the password is wrong.")
        return begin_session(given["email"], 200)

    @app.get("/portal/authenticate")
    def authenticate() -> ResponseReturnValue:
        client_id = users.client_id(session.get("email", ""))
        if client_id is None:
            abort(401, "Log in first.")
        otp = client.clients.generate_web_otp(client_id).otp
        answer = redirect(f"{portal_web}/clients/token/validate?{urlencode({'otp': otp})}")
        answer.cache_control.no_store = True
        return answer

    @app.after_request
    def allow_frame(answer: Response) -> Response:
        if request.path == "/portal/authenticate":
            answer.vary.add("Origin")
            if request.headers.get("Origin") == portal_web:
                answer.access_control_allow_origin = portal_web
                answer.access_control_allow_credentials = True
        return answer

    @app.errorhandler(PortalError)
    def report(error: PortalError) -> tuple[str, int, dict[str, str]]:
        return "Please try again.", 503, {"Retry-After": str(round(error.retry_after or 5))}

    return app
