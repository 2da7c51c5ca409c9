"""The Flask app, against the mock of Portal."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from .app import create_app

ADA = {"email": "ada@example.com", "password": "a long one"}
FRAME = {"Origin": "https://web.portalhq.io"}


@pytest.fixture
def browser(portal, tmp_path: Path, monkeypatch) -> FlaskClient:
    monkeypatch.setenv("DATABASE", str(tmp_path / "users.db"))
    monkeypatch.setenv("SESSION_SECRET", "a secret of the tests")
    app = create_app(portal)
    app.config["SERVER_NAME"] = "app.example.com"
    app.config["PREFERRED_URL_SCHEME"] = "https"
    return app.test_client()


def test_a_sign_up_creates_a_client_and_a_login_renews_its_session(browser, portal_mock) -> None:
    first = browser.post("/signup", json=ADA)
    second = browser.post("/login", json=ADA)
    assert (first.status_code, second.status_code) == (201, 200)
    tokens = [answer.json["client_session_token"] for answer in (first, second)]
    assert tokens[0] != tokens[1]
    assert portal_mock.session_is_live(tokens[1])
    assert len(portal_mock.calls("createClient")) == 1
    assert browser.post("/signup", json=ADA).status_code == 409
    assert browser.post("/login", json={**ADA, "password": "another"}).status_code == 401


def test_the_frame_is_sent_to_portal_with_a_password_that_works(browser, portal_mock) -> None:
    assert browser.get("/portal/authenticate", headers=FRAME).status_code == 401
    browser.post("/signup", json=ADA)
    answer = browser.get("/portal/authenticate", headers=FRAME)
    url, _, otp = answer.headers["Location"].partition("?otp=")
    assert (answer.status_code, url) == (302, "https://web.portalhq.io/clients/token/validate")
    assert portal_mock.redeem_otp(otp)
    assert answer.headers["Access-Control-Allow-Origin"] == FRAME["Origin"]
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"


def test_a_lost_create_is_made_up_for_at_the_login(browser, portal_mock) -> None:
    with portal_mock.fault("reset_after_reading", "createClient"):
        assert browser.post("/signup", json=ADA).status_code == 503
    assert browser.post("/login", json=ADA).status_code == 200
    assert browser.post("/login", json=ADA).status_code == 200
    assert len(portal_mock.calls("createClient")) == 2
