"""What the image and the compose file of docs/examples/container start and ask."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import yaml
from sample._http import httpx


def test_the_image_serves_is_healthy_and_shows_its_page_by_name(repository: Path) -> None:
    folder = repository / "docs" / "examples" / "container"
    image = (folder / "Containerfile").read_text()
    service = yaml.safe_load((folder / "compose.yaml").read_text())["services"]["portal-mock"]
    assert (folder / service["build"]["context"]).resolve() == repository
    assert (repository / service["build"]["dockerfile"]).is_file()
    assert all(
        re.search(r":\d+\.\d+\.\d+-", base)
        for base in re.findall("^FROM (.*)", image, re.MULTILINE)
    )
    assert re.search(r"^USER [1-9]", image, re.MULTILINE)
    entry, health = (
        json.loads(re.findall(rf"^{name}.*?(\[.*\])$", image, re.MULTILINE)[0])
        for name in ("ENTRYPOINT", "HEALTHCHECK")
    )
    command = [sys.executable, *entry[1:], *service["command"], "--port", "0"]
    environment = {"PYTHONPATH": str(repository / "generated")}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as mock:
        assert mock.stdout is not None
        lines = [mock.stdout.readline() for _ in range(6)]
        port = lines[4].split(":")[-1].partition("/")[0]
        check = [sys.executable, health[1], health[2].replace("8080", port)]
        assert "8080" in health[2]
        assert subprocess.run(check, check=False, timeout=20).returncode == 0
        page = f"http://127.0.0.1:{port}/__mock__/"
        statuses = [
            httpx.get(page, headers={"Host": host}, trust_env=False).status_code
            for host in ("localhost:8080", "portal-mock:8080", "another:8080")
        ]
        assert statuses == [200, 200, 403]
        mock.terminate()
        assert mock.wait(10) == 0
    assert subprocess.run(check, check=False, timeout=20, stderr=subprocess.DEVNULL).returncode
