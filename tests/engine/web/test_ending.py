"""``offcut serve`` as a shell starts it: what it says, and that nothing is left when it is told to end."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from tests.engine.web.client import Client
from tests.mostly_long import mostly_long

ROOT = Path(__file__).resolve().parents[3]


@mostly_long("number", [signal.SIGINT, signal.SIGTERM], keep=(signal.SIGTERM,))
def test_it_ends_when_it_is_told_and_leaves_nothing(folder: Path, tmp_path: Path, number: int) -> None:
    """In the middle of an upload."""
    process = subprocess.Popen(
        [sys.executable, "-m", "desktop.launch", "serve", folder, "--no-browser", "--json"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        assert process.stdout is not None
        address = urlsplit(json.loads(process.stdout.readline())["address"])
        assert address.hostname == "127.0.0.1"
        connection = http.client.HTTPConnection(address.netloc, timeout=60)
        connection.request("POST", f"{address.path}api/open", b'{"name": "talk.wav"}')
        assert connection.getresponse().read()
        connection.putrequest("POST", f"{address.path}api/upload?name=a.wav")
        connection.putheader("Content-Length", "1000000")
        connection.endheaders(bytes(100_000))
        while not list(tmp_path.glob("offcut-serve-*/upload-*")):
            assert process.poll() is None
        process.send_signal(number)
        _out, err = process.communicate(timeout=60)
        connection.close()
    assert process.returncode == 0, err
    assert err == b""
    assert list(tmp_path.iterdir()) == []


def test_work_that_runs_ends_with_it(pages: Client) -> None:
    """It is cancelled; the fixture sees that its files are gone."""
    key = pages.open("talk.wav")["key"]
    for _ in range(3):
        assert pages.post(f"api/recordings/{key}/separate", {"windows_s": [[0.0, 8.0]]}).status == 202
