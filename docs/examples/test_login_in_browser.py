"""A person signs up and logs in at the Flask app, and Portal's frame gets its password."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from flask import Flask, Response, request
from playwright.sync_api import expect
from werkzeug.serving import make_server

from tests.mock._browser import open_browser

from .flask_app.app import create_app


@contextmanager
def served(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def portal_web(redeem: Callable[[str], str | None]) -> Flask:
    """Return a stand-in for Portal's frame: a page, and the route that takes the password."""
    app = Flask("portal_web")
    app.add_url_rule("/", "page", lambda: "<link rel=icon href=data:,>")

    @app.get("/clients/token/validate")
    def validate() -> Response:
        # After redirects between two sites, a browser says "null" for the origin.
        origin = {"Access-Control-Allow-Origin": "null", "Access-Control-Allow-Credentials": "true"}
        return Response(redeem(request.args["otp"]) or "refused", headers=origin)

    return app


def test_a_login_from_the_form_to_the_frame(portal, portal_mock, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("DATABASE", str(tmp_path / "users.db"))
    monkeypatch.setenv("SESSION_SECRET", "a secret of the tests")
    with ExitStack() as stack:
        web = portal_web(portal_mock.redeem_otp)
        frame, stranger = (stack.enter_context(served(web)) for _ in range(2))
        monkeypatch.setenv("PORTAL_WEB", frame)
        app = stack.enter_context(served(create_app(portal)))
        page, problems = stack.enter_context(open_browser())

        def submit(button: str, password: str) -> str:
            page.goto(app)
            page.locator("[name=email]").fill("ada@example.com")
            page.locator("[name=password]").fill(password)
            page.locator(f"[value={button}]").click()
            expect(page.locator("output")).not_to_be_empty()
            return str(page.locator("output").text_content())

        def authenticate(origin: str) -> str:
            page.goto(origin)
            call = f"fetch('{app}/portal/authenticate', {{credentials: 'include'}})"
            return str(page.evaluate(f"{call}.then((answer) => answer.text(), () => 'blocked')"))

        assert "Log in first" in authenticate(frame)
        problems.clear()
        assert submit("signup", "a long one") == "You are logged in."
        assert problems == []
        (client,) = portal.clients.list()
        assert authenticate(frame) == client.id
        assert authenticate(stranger) == "blocked"
        assert submit("login", "another") == "That did not work."
        assert submit("login", "a long one") == "You are logged in."
        assert authenticate(frame) == client.id
    assert len(portal_mock.calls("refreshClientSession")) == 1
