"""Headless Chromium over the DevTools protocol's pipe: no driver, no further package."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any, Self

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_SECONDS = 20.0
_PLACED = 'exec "$@" 3</dev/fd/%d 4>/dev/fd/%d'  # where the protocol has the browser read and write
_OPTIONS = "headless=new remote-debugging-pipe disable-gpu disable-dev-shm-usage no-first-run"


def browser_path() -> str | None:
    """The Chromium of this machine: $CHROMIUM, or one on the PATH."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in _NAMES if (path := shutil.which(name))), None)


class Browser:
    """A page in a browser of its own."""

    def __init__(self, path: str, profile: Path) -> None:
        reads, self._out = os.pipe()
        into, writes = os.pipe()
        self._in = os.fdopen(into, "rb")
        options = [*_OPTIONS.split(), f"user-data-dir={profile}"]
        options += ["no-sandbox"] if os.geteuid() == 0 else []  # it has none for root
        command = ["sh", "-c", _PLACED % (reads, writes), "sh", path]
        command += [f"--{option}" for option in options]
        self._process = subprocess.Popen(
            command, stderr=subprocess.DEVNULL, pass_fds=(reads, writes)
        )
        os.close(reads)
        os.close(writes)
        self._number, self._session = 0, ""
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
        while (answer := self._receive()).get("id") != self._number:
            self.events.append(answer)
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def open(self, url: str) -> None:
        """Go to a page."""
        self.send("Page.navigate", url=url)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        options = {"expression": script, "awaitPromise": True, "returnByValue": True}
        result = self.send("Runtime.evaluate", **options)
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
        bad = ("Runtime.exceptionThrown", "Log.entryAdded")
        return [json.dumps(one["params"]) for one in self.events if one.get("method") in bad]

    def _receive(self) -> dict[str, Any]:
        text = bytearray()
        while (byte := self._in.read(1)) != b"\0":
            assert byte, "the browser has ended"
            text += byte
        message: dict[str, Any] = json.loads(text)
        return message

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self._out)
        self._in.close()
        self._process.kill()
        self._process.wait()
