"""A person signs up and logs in at the Flask app, and Portal's frame gets its password."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from flask import Flask, Response, request
from werkzeug.serving import make_server

from tests.mock._browser import Browser, browser_path

from .flask_app.app import create_app

pytestmark = pytest.mark.skipif(
    browser_path() is None, reason="no Chromium here; `make browser` installs it where apt is"
)


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
        browser = stack.enter_context(Browser(str(browser_path()), tmp_path / "profile"))

        def submit(button: str, password: str) -> str:
            browser.open(app)
            browser.run("document.forms[0].email.value = 'ada@example.com'")
            browser.run(f"document.forms[0].password.value = '{password}'")
            browser.run(f"document.querySelector('[value={button}]').click()")
            return str(browser.wait("document.querySelector('output').textContent"))

        def authenticate(origin: str) -> str:
            browser.open(origin)
            call = f"fetch('{app}/portal/authenticate', {{credentials: 'include'}})"
            return str(browser.run(f"{call}.then((answer) => answer.text(), () => 'blocked')"))

        assert "Log in first" in authenticate(frame)
        browser.events.clear()
        assert submit("signup", "a long one") == "You are logged in."
        assert browser.problems() == []
        (client,) = portal.clients.list()
        assert authenticate(frame) == client.id
        assert authenticate(stranger) == "blocked"
        assert submit("login", "another") == "That did not work."
        assert submit("login", "a long one") == "You are logged in."
        assert authenticate(frame) == client.id
    assert len(portal_mock.calls("refreshClientSession")) == 1
