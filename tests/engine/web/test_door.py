"""Only this machine, only with the token, only by the name of this machine."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from engine.cli.main import main
from engine.web.server import Serving
from tests.engine.web.client import Client


def test_nothing_is_answered_without_the_token(pages: Client) -> None:
    """Pages, files and data alike; what is near to the token is not the token."""
    token = pages.root.strip("/")
    for path in (
        "/",
        "/static/style.css",
        "/api/folder",
        "/favicon.ico",
        f"/{token[:-1]}/",
        f"/{token}x/api/folder",
        f"/{token.swapcase()}/",
        f"//{token}/",
        f"/x/../{token}/api/folder",
        f"/?{token}",
        "/%ff%fe/",
        "*",
    ):
        reply = pages.raw(path)
        assert reply.status in (400, 403), path
        assert b"offcut serve printed" in reply.body or reply.status == 400
    assert pages.raw("/api/open", "POST", b'{"name": "talk.wav"}').status == 403
    assert pages.get("api/folder").status == 200


def test_a_name_that_is_not_this_machine_is_refused(pages: Client) -> None:
    """As a site sends that has its own name lead here."""
    for host in ("evil.example", f"127.0.0.1.evil.example:{pages.port}", "127.0.0.1:1", "", "[::2]"):
        assert pages.get("api/folder", Host=host).status in (400, 403), host


def test_the_names_of_this_machine_are_taken_and_no_other_origin_is(pages: Client) -> None:
    """No header allows another site to read, whatever it asks."""
    reply = pages.get("api/folder", Host=f"localhost:{pages.port}", Origin="https://evil.example")
    assert reply.status == 200
    assert not [name for name in reply.headers if name.startswith("access-control")]
    assert "frame-ancestors 'none'" in reply.headers["content-security-policy"]
    assert reply.headers["referrer-policy"] == "no-referrer"
    asked = pages.raw(pages.root + "api/open", "OPTIONS", Origin="https://evil.example")
    assert asked.status == 405
    assert not [name for name in asked.headers if name.startswith("access-control")]


def test_no_other_machine_reaches_it(pages: Client) -> None:
    """It listens on one address, not on all."""
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", pages.port), timeout=5)


def test_what_is_no_page_is_told_in_a_sentence(pages: Client) -> None:
    """Addresses, ways to ask and bodies that are not known."""
    strange = ("nothing", "api/", "taste/", "static/app.py", "static/%2e%2e/keys.md", "static/..%2fkeys.md")
    for path in strange:
        assert pages.get(path).status == 404, path
    assert pages.get("api/jobs/none").refusal.startswith("This work is not known")
    texts = (b"", b"{", b"[]", b'{"name": 3}', b'{"name": "\xff"}', b'{"name": "\\udcff"}', b"9" * 200_000)
    for body in texts:
        assert pages.raw(pages.root + "api/open", "POST", body).status == 400, body[:20]


def test_a_port_that_is_taken_and_a_folder_that_is_none_are_told(
    pages: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence each."""
    for words in (["--port", str(pages.port)], ["--port", "70000"], [str(tmp_path / "none")]):
        assert main(["serve", "--no-browser", *words]) == 2
        printed = capsys.readouterr()
        assert printed.err.count("\n") == 1
        assert printed.out == ""


def test_without_the_extra_a_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As Offcut is installed without it."""
    monkeypatch.setitem(__import__("sys").modules, "uvicorn", None)
    assert main(["serve"]) == 2
    assert "pip install 'offcut[web]'" in capsys.readouterr().err


def test_tokens_differ() -> None:
    """Each run has its own."""
    made = [Serving(None) for _ in range(3)]
    assert len({one.address.split("/")[3] for one in made}) == 3
    assert all(len(one.address.split("/")[3]) >= 32 for one in made)
    for one in made:
        one.close()
