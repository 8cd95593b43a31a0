"""What a browser sends to the pages: uploads with other bytes, names, lengths, addresses and bodies."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

from engine.core.errors import SourceError
from engine.web.app import application
from engine.web.session import Session
from tests.hostile.bad_files import good
from tests.hostile.long.kinds.kind import Kind
from tests.hostile.long.mutations import BYTES, VALUES, done

_MOST_BYTES = 30_000
_PIECE = 4_096


@dataclass(frozen=True, slots=True)
class Sent:
    """A recording that is sent, and what is asked of it then.

    Attributes
    ----------
    length : what the head says of its length; "" for nothing
    asked : address behind that of the recording, body as JSON text ("" asks by GET), and a Range
    """

    edits: tuple[object, ...]
    name: str
    length: str
    asked: tuple[tuple[str, str, str], ...]


def prepare(folder: Path) -> bytes:
    """Write a short recording."""
    return good(folder / "talk.wav", 0.5).read_bytes()


def attempt(sound: bytes, sent: Sent, folder: Path) -> None:
    """Send it; the pages answer it or refuse it with a sentence, and nothing of theirs fails."""
    (folder / "own").mkdir()
    asyncio.run(_attempt(Session(None, folder / "own"), done(sent.edits, sound), sent))


async def _attempt(session: Session, content: bytes, sent: Sent) -> None:
    try:
        head = {"content-length": sent.length} if sent.length else {}
        query = f"name={quote(sent.name, errors='replace')}"
        status, answer = await _ask(session, "POST", "/api/upload", query, content, head)
        if status != 200:
            assert not list(session.own.iterdir()), "something is left of what was refused"
            raise SourceError(_sentence(status, answer))
        key = json.loads(answer)["key"]
        for address, body, stretch in sent.asked:
            path, _, query = address.partition("?")
            status, answer = await _ask(
                session, "POST" if body else "GET", f"/api/recordings/{key}/{path}", query,
                body.encode("utf-8", "surrogatepass"), {"range": stretch} if stretch else {},
            )  # fmt: skip
            if status >= 400:
                _sentence(status, answer)
    finally:
        session.close()


def _sentence(status: int, answer: bytes) -> str:
    assert 400 <= status < 500, (status, answer[:200])
    if status == 405 or status == 416:
        return "It is not asked so."
    text = str(json.loads(answer)["error"])
    assert text.endswith("."), text
    assert "\n" not in text, text
    return text


async def _ask(
    session: Session, method: str, path: str, query: str, body: bytes, head: dict[str, str]
) -> tuple[int, bytes]:
    """Ask as a server does that has let a request in."""
    pieces = [body[at : at + _PIECE] for at in range(0, len(body), _PIECE)] or [b""]
    waiting: Iterable[dict[str, Any]] = iter(
        {"type": "http.request", "body": piece, "more_body": number + 1 < len(pieces)}
        for number, piece in enumerate(pieces)
    )
    told: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return next(waiting, {"type": "http.disconnect"})  # type: ignore[call-overload]

    async def send(message: Any) -> None:
        told.append(dict(message))

    headers = [(name.encode(), value.encode("latin-1", "replace")) for name, value in head.items()]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http",
        "method": method, "path": path, "raw_path": None, "root_path": "",
        "query_string": query.encode("ascii", "replace"), "headers": headers,
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    await application(session, _MOST_BYTES)(scope, receive, send)
    return told[0]["status"], b"".join(one.get("body", b"") for one in told)


_NUMBERS = st.sampled_from(["0", "-1", "1e9", "nan", "inf", "0.25", "", "x", "1e-300", "00", "9" * 30])
_PEAKS = st.builds("peaks?columns={}&start_s={}&stop_s={}".format, _NUMBERS, _NUMBERS, _NUMBERS)
_RANGES = st.sampled_from(["", "bytes=0-", "bytes=-1", "bytes=5-2", "bytes=99999999-", "bytes=a-b", "x"])
_ASKED = st.one_of(
    st.tuples(_PEAKS, st.just(""), st.just("")),
    st.tuples(st.just("listen"), st.just(""), _RANGES),
    st.tuples(st.sampled_from(["peaks", "separate", "score", "detect", "..", "%00"]), VALUES, st.just("")),
)
_NAMES = st.text(max_size=20) | st.sampled_from(
    ["talk.wav", "../../x", "a\0b", "", "\ud800", 300 * "a", "C:\\x"]
)
_LENGTHS = st.sampled_from(["", "0", "-1", "12", "99999999", "9" * 40, "x", "1.5"])

UPLOAD = Kind(
    "upload",
    prepare,
    st.builds(
        Sent, BYTES | st.just(()), _NAMES, _LENGTHS | st.just(""), st.lists(_ASKED, max_size=3).map(tuple)
    ),
    attempt,
)
