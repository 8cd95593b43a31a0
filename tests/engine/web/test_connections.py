"""Connections that ask for no page take no place from those that do; the token is told to no other user."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from engine.web.server import MOST_STRANGERS, Serving

ROOT = Path(__file__).resolve().parents[3]
MOST_FILES = 256
HALF_SENT = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-More: "


@contextmanager
def _served(*words: object, **environment: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run the verb with few files, as a shell would."""
    command = [sys.executable, "-m", "desktop.launch", "serve", *words, "--json"]
    process = subprocess.Popen(
        ["sh", "-c", f'ulimit -n {MOST_FILES}; exec "$@"', "sh", *map(str, command)],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        assert process.stdout is not None
        try:
            yield process, json.loads(process.stdout.readline())["address"]
        finally:
            process.send_signal(signal.SIGINT)


@pytest.mark.skipif(os.name != "posix", reason="the limit is set by a shell")
def test_requests_that_are_half_sent_stop_no_page(folder: Path, tmp_path: Path) -> None:
    with _served(folder, "--no-browser", TMPDIR=str(tmp_path)) as (process, address):
        parts = urlsplit(address)
        with ExitStack() as stack:
            page = http.client.HTTPConnection(parts.netloc, timeout=30)
            stack.callback(page.close)
            page.request("GET", f"{parts.path}api/folder")
            assert page.getresponse().read()
            for _ in range(400):
                half = stack.enter_context(socket.create_connection((parts.hostname, parts.port), 30))
                half.sendall(HALF_SENT)
            page.request("GET", parts.path)  # the connection that has shown the token is still there
            assert page.getresponse().status == 200
            other = http.client.HTTPConnection(parts.netloc, timeout=30)
            stack.callback(other.close)
            other.request("GET", f"{parts.path}score")
            assert other.getresponse().status == 200
            open_files = (
                len(list(Path(f"/proc/{process.pid}/fd").iterdir())) if sys.platform == "linux" else 0
            )
            assert open_files < MOST_FILES - 100
        process.send_signal(signal.SIGINT)
        _out, err = process.communicate(timeout=60)
    assert err.count(b"\n") == 1, err[-2000:]
    assert str(MOST_STRANGERS).encode() in err


@pytest.mark.skipif(os.name != "posix", reason="the server is halted by a signal")
def test_pages_are_loaded_among_many_connections_without_the_token(folder: Path, tmp_path: Path) -> None:
    """They all wait while the server is halted, so that it accepts them before it reads any."""
    with _served(folder, "--no-browser", TMPDIR=str(tmp_path)) as (process, address):
        parts = urlsplit(address)
        first = http.client.HTTPConnection(parts.netloc, timeout=30)
        first.request("GET", parts.path)
        assert first.getresponse().status == 200
        first.close()
        for _ in range(4):
            process.send_signal(signal.SIGSTOP)
            with ExitStack() as stack:
                pages = []
                for _number in range(3):
                    page = http.client.HTTPConnection(parts.netloc, timeout=30)
                    stack.callback(page.close)
                    page.request("GET", f"{parts.path}score")
                    pages.append(page)
                    for _stranger in range(2 * MOST_STRANGERS):
                        stack.enter_context(socket.create_connection((parts.hostname, parts.port), 30))
                process.send_signal(signal.SIGCONT)
                assert [page.getresponse().status for page in pages] == [200, 200, 200]
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


def _is_closed(waiting: socket.socket) -> bool:
    """Wait until the other side ends a connection."""
    waiting.settimeout(20)
    try:
        return waiting.recv(1) == b""
    except ConnectionResetError:
        return True


def test_a_request_that_does_not_come_is_not_waited_for(folder: Path) -> None:
    serving = Serving(folder, head_s=0.2)
    thread = threading.Thread(target=serving.run)
    thread.start()
    try:
        for sent in (b"", HALF_SENT):
            with socket.create_connection(("127.0.0.1", serving.port), 30) as half:
                half.sendall(sent)
                assert _is_closed(half)
        page = http.client.HTTPConnection("127.0.0.1", serving.port, timeout=30)
        page.request("GET", urlsplit(serving.address).path)
        assert page.getresponse().read()
        assert page.sock is not None
        page.sock.sendall(HALF_SENT)  # a second request on a connection that has shown the token
        assert _is_closed(page.sock)
        page.close()
    finally:
        serving.stop()
        thread.join(30)


@pytest.mark.skipif(os.name != "posix", reason="elsewhere files have other permissions")
def test_a_browser_is_started_without_the_token(folder: Path, tmp_path: Path) -> None:
    told = tmp_path / "told"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {told}.part && mv {told}.part {told}\n')
    browser.chmod(0o755)
    with _served(folder, TMPDIR=str(tmp_path), BROWSER=f"{browser} %s") as (process, address):
        while not told.exists():
            assert process.poll() is None
        (opened,) = told.read_text().split()
        token = urlsplit(address).path.strip("/")
        assert token not in opened
        entrance = Path(urlsplit(opened).path)
        assert stat.S_IMODE(entrance.stat().st_mode) == 0o600
        assert stat.S_IMODE(entrance.parent.stat().st_mode) == 0o700
        assert f"url={address}" in entrance.read_text()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert not entrance.exists()
