"""What is sent: taken as far as it is allowed and is sound, and nothing left of the rest."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.web.session import MOST_OPEN
from tests.engine.web.client import Client

MEGABYTE = 1_000_000
Serve = Callable[..., Client]


def _left(pages: Client) -> list[Path]:
    return list(pages.serving.session.own.iterdir())


def test_a_recording_that_is_sent_can_be_worked_with(serve: Serve, folder: Path) -> None:
    """It keeps its name on the page and has none of its own on the disk."""
    pages = serve(None)
    sent = (folder / "talk.wav").read_bytes()
    reply = pages.upload(sent, "..%2F..%2Fevil%0A.wav")
    assert reply.status == 200, reply.body
    assert reply.fields["name"] == "evil .wav"
    assert (reply.fields["rate_hz"], reply.fields["channels"]) == (44_100, 2)
    (path,) = _left(pages)
    assert path.name.startswith("upload-")
    assert path.read_bytes() == sent
    drawn = pages.get(f"api/recordings/{reply.fields['key']}/peaks?columns=100").fields
    assert len(drawn["maximum"]) == 100
    assert max(drawn["maximum"][37:50]) > 10 * max(drawn["maximum"][:30])


def test_what_is_too_large_is_refused_before_it_comes(serve: Serve) -> None:
    """Where the browser says how much it is."""
    pages = serve(None, most_bytes=MEGABYTE)
    reply = pages.upload(None, Content_Length=str(MEGABYTE + 1))
    assert reply.status == 413
    assert reply.refusal.startswith("sent.wav is larger than 1.0 MB")
    assert not _left(pages)


def test_what_becomes_too_large_is_refused_in_the_middle(serve: Serve) -> None:
    """Where it says nothing, or something else: the rest is not read."""
    pages = serve(None, most_bytes=MEGABYTE)
    taken = 0

    def pieces() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(4_000):
            taken += 65_536
            yield bytes(65_536)

    try:
        reply = pages.upload(pieces(), Transfer_Encoding="chunked")
    except (BrokenPipeError, ConnectionResetError):
        pass  # the server hung up while we still sent
    else:
        assert reply.status == 413
    assert taken < 100 * MEGABYTE
    assert pages.get("api/folder").status == 200
    assert not _left(pages)


def test_what_is_no_sound_is_refused_by_its_own_name(serve: Serve) -> None:
    """And removed."""
    pages = serve(None)
    for body in (
        b"",
        b"RIFF",
        b"%PDF-1.7 no sound",
        b"<html>" * 1_000,
        bytes(100_000),
        b"ID3" * 50,
    ):
        reply = pages.upload(body, "paper.wav")
        assert reply.status == 415, body[:20]
        assert reply.refusal.startswith("paper.wav ")
        assert "upload-" not in reply.refusal
        assert not _left(pages)


def test_an_upload_that_breaks_off_leaves_nothing(serve: Serve) -> None:
    """As when the page is closed."""
    pages = serve(None)
    with socket.create_connection(("127.0.0.1", pages.port)) as connection:
        head = f"POST {pages.root}api/upload?name=a.wav HTTP/1.1\r\nHost: 127.0.0.1:{pages.port}\r\n"
        connection.sendall(head.encode() + b"Content-Length: 1000000\r\n\r\n" + bytes(300_000))
        while not _left(pages):
            pass
    while _left(pages):
        pages.get("api/folder")


def test_of_many_recordings_the_first_are_let_go(serve: Serve, folder: Path) -> None:
    """The disk does not fill with what nobody looks at any more."""
    pages = serve(None)
    sent = (folder / "below" / "take.flac").read_bytes()
    keys = [pages.upload(sent).fields["key"] for _ in range(MOST_OPEN + 2)]
    assert len(_left(pages)) == MOST_OPEN
    assert "not open any more" in pages.get(f"api/recordings/{keys[0]}/peaks").refusal
    assert pages.get(f"api/recordings/{keys[-1]}/peaks").status == 200
