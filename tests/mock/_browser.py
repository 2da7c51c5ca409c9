"""Headless Chromium over the DevTools protocol's pipe: no driver, no further package."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any, Self

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_SECONDS = 20.0
_READS, _WRITES = 3, 4  # the browser's descriptors, by the protocol
_HIGH = 20  # above those, so that no copy lands on a source


def browser_path() -> str | None:
    """The Chromium of this machine: $CHROMIUM, or one on the PATH."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in _NAMES if (path := shutil.which(name))), None)


class Browser:
    """A page in a browser of its own."""

    def __init__(self, path: str, profile: Path) -> None:
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        source = [fcntl.fcntl(one, fcntl.F_DUPFD, _HIGH) for one in (theirs_in, theirs_out)]

        def descriptors() -> None:
            os.dup2(source[0], _READS)
            os.dup2(source[1], _WRITES)

        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # it has none for root
        self._process = subprocess.Popen(
            [
                path,
                "--headless=new",
                "--remote-debugging-pipe",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                f"--user-data-dir={profile}",
                *sandbox,
                "about:blank",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(_READS, _WRITES),
            preexec_fn=descriptors,  # noqa: PLW1509 - calls dup2, and nothing that locks
        )
        for one in (*source, theirs_in, theirs_out):
            os.close(one)
        self._out, self._in = ours_out, ours_in
        self._buffer = b""
        self._number = 0
        self._session = ""
        self.events: list[dict[str, Any]] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        attached = self.send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command. Gives its result."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)

    def open(self, url: str) -> None:
        """Go to a page."""
        self.send("Page.navigate", url=url)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        result = self.send(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def wait(self, script: str) -> Any:
        """Wait until an expression in the page is true. Gives its value."""
        until = time.monotonic() + _SECONDS
        while not (value := self.run(script)):
            assert time.monotonic() < until, f"never true: {script}\n{self.text()}"
            time.sleep(0.05)
        return value

    def text(self) -> str:
        """What a person sees."""
        return str(self.run("document.body.innerText"))

    def problems(self) -> list[str]:
        """Errors of the page so far."""
        self.run("1")
        return [
            json.dumps(event["params"])
            for event in self.events
            if event.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded")
        ]

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            chunk = os.read(self._in, 1 << 16)
            assert chunk, "the browser has ended"
            self._buffer += chunk
        text, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        return message

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self._out)
        os.close(self._in)
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
