"""Serve the pages to this machine alone, until it is stopped.

A request passes with the token in its address and the host name of this machine; all others get 403. All
connections come from this machine, so clients are distinguished by the token. A connection that has sent it
belongs to a page, also before the server has read it. The others share a few places, and the oldest is
closed for the next one; a connection that does not send a request in time is closed as well.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import secrets
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from secrets import compare_digest
from types import FrameType
from typing import Any

import uvicorn
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from engine.core.errors import UsageError
from engine.web.app import application
from engine.web.session import Session

HEAD_S = 10.0
"""How long a request may take to come, up to the end of its head."""
MOST_STRANGERS = 64
_LONGEST_START = 128
"""Bytes of a request that hold its method and the token."""
BACKLOG = 32
"""How many connections are accepted before any of them is looked at."""
MOST_WAITING = 1024
"""How many connections the system holds until they are accepted."""
KEEP_ALIVE_S = 30
"""How long a connection that has shown the token may wait for its next request."""
TRUSTED = "offcut.trusted"
"""Scope key of the function that marks a connection as trusted once a request has the token."""

_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_LOG = logging.getLogger(__name__)


class Strangers:
    """Connections that have not shown the token, the oldest first."""

    def __init__(self, token: str, head_s: float = HEAD_S) -> None:
        self.head_s = head_s
        self._token = token.encode()
        self._connections: dict[Connection, None] = {}

    def add(self, connection: Connection) -> None:
        """Take a new connection, and close the oldest where there are too many."""
        self._connections[connection] = None
        if len(self._connections) > MOST_STRANGERS:
            oldest = next(iter(self._connections))
            self.remove(oldest)
            if self.knows(oldest.unread(_LONGEST_START)):
                return  # many came before its request was read
            oldest.transport.abort()
            _LOG.warning("More than %d connections asked for no page: the oldest are closed.", MOST_STRANGERS)

    def knows(self, request: bytes) -> bool:
        """Return whether a request begins with a path behind the token."""
        _method, _space, path = request[:_LONGEST_START].partition(b" ")
        return compare_digest(path.removeprefix(b"/").partition(b"/")[0], self._token)

    def remove(self, connection: Connection) -> None:
        """Forget a connection that has shown the token, or is closed."""
        self._connections.pop(connection, None)


class Connection(H11Protocol):
    """A connection that is closed where the head of a request takes too long to come."""

    strangers: Strangers

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.app_state = {**self.app_state, TRUSTED: self.trust}
        self._late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self.strangers.add(self)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Take a part of a request."""
        cycle = self.cycle
        if self.strangers.knows(data):  # before others take its place, and before the request is looked at
            self.trust()
        super().data_received(data)
        if self.cycle is not cycle:
            self._stop_waiting()
        elif self._late is None and (cycle is None or cycle.response_complete):
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._stop_waiting()
        self.strangers.remove(self)
        super().connection_lost(exc)

    def trust(self) -> None:
        """Note that a request has shown the token."""
        self.strangers.remove(self)

    def unread(self, most_bytes: int) -> bytes:
        """Return the first bytes that the system holds for this connection; they stay there."""
        one = self.transport.get_extra_info("socket")
        if one is None or one.fileno() < 0:
            return b""
        same = socket.socket(fileno=one.fileno())
        try:
            return same.recv(most_bytes, socket.MSG_PEEK)
        except OSError:  # none yet, or closed by the other side
            return b""
        finally:
            same.detach()

    def _wait(self) -> None:
        self._late = self.loop.call_later(self.strangers.head_s, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


def connections(strangers: Strangers) -> type[Connection]:
    """Return the class of connections that share these places."""
    return type("Connection", (Connection,), {"strangers": strangers})


def report_exhaustion() -> None:
    """Have the running loop report in one line that the system gives no more connections.

    asyncio reports it with a traceback for each connection that waits, thousands a second.
    """

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, OSError) and error.errno in _EXHAUSTED:
            _LOG.warning("The system gives no more connections: close other programs, or raise its limit.")
        else:
            loop.default_exception_handler(context)

    asyncio.get_running_loop().set_exception_handler(handle)


LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
_TOKEN_BYTES = 24
_HEADERS = (
    # Pages run nothing from elsewhere, other pages cannot embed them, and links do not leak the token.
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
        b"media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


def new_token() -> str:
    """Return an unguessable token of letters valid in an address."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


class Door:
    """Lets requests to ``/TOKEN/...`` of this machine in, as if the token were not there.

    A page of another site can have its own name lead to 127.0.0.1 (DNS rebinding), so the host name is
    checked. No other origin is ever allowed to read an answer.

    Parameters
    ----------
    port : that the server listens on; a request names it too
    """

    def __init__(self, inside: ASGIApp, token: str, port: int) -> None:
        self._inside = inside
        self._token = token.encode()
        self._hosts = {f"{name}:{port}" for name in LOOPBACK_NAMES}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] == "lifespan":
            await self._inside(scope, receive, send)
            return
        first, _slash, rest = str(scope["path"]).removeprefix("/").partition("/")
        known = secrets.compare_digest(first.encode("utf-8", "surrogateescape"), self._token)
        hosts = Headers(scope=scope).getlist("host")
        if scope["type"] != "http" or not known or len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            refusal = PlainTextResponse(
                "Open the address that offcut serve printed.", 403, {"connection": "close"}
            )
            await refusal(scope, receive, _guarded(send))
            return
        scope.get("state", {}).get(TRUSTED, _nothing)()
        inner = dict(scope, path=f"/{rest}", raw_path=None, root_path="")
        await self._inside(inner, receive, _guarded(send))


def _nothing() -> None:
    """Default for noting the token when another server than ours serves the pages."""


def _guarded(send: Send) -> Send:
    """Add headers to every answer that exclude other pages."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = dict(message, headers=[*message.get("headers", ()), *_HEADERS])
        await send(message)

    return sending


HOST = "127.0.0.1"
_END = (signal.SIGINT, signal.SIGTERM)
_ENTRANCE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={address}">
<title>Offcut</title>
</head>
<body><a href="{address}">Open Offcut</a></body>
</html>
"""


class _Server(uvicorn.Server):
    """Stops on a signal without passing it on, so that cleaning up follows."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `Serving`."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen; more may wait to be accepted than are accepted at once."""
        report_exhaustion()
        await super().startup(sockets)
        for one in sockets or ():
            one.listen(MOST_WAITING)


class Serving:
    """The pages, bound to an address; `run` serves them until `stop`.

    Parameters
    ----------
    folder : that recordings and tastes may be picked from
    port : 0 for any that is free
    head_s : how long a request may take to come, up to the end of its head
    cluster : see `Session`

    Raises
    ------
    UsageError : the folder is none, or the port is taken
    """

    def __init__(
        self,
        folder: Path | None,
        port: int = 0,
        most_bytes: int | None = None,
        head_s: float = HEAD_S,
        cluster: str = "",
    ) -> None:
        if folder is not None and not folder.is_dir():
            raise UsageError(f"{folder} is not a folder: choose one with recordings.")
        self._socket = _bound(port)
        self.port = int(self._socket.getsockname()[1])
        token = new_token()
        self.address = f"http://{HOST}:{self.port}/{token}/"
        self.session = Session(folder, cluster=cluster)
        pages = application(self.session, most_bytes) if most_bytes else application(self.session)
        config = uvicorn.Config(
            Door(pages, token, self.port),
            http=connections(Strangers(token, head_s)),
            ws="none",
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_S,
            log_level="critical",  # errors are logged by `engine.web.app`
            access_log=False,  # which would disclose the token
            server_header=False,
            timeout_graceful_shutdown=2,
            lifespan="off",
        )
        self._server = _Server(config)

    def run(self) -> None:
        """Serve; at the end the work is cancelled and all that was written is removed."""
        try:
            self._server.run([self._socket])
        finally:
            self.close()

    def entrance(self) -> Path:
        """Write a page that only its owner can read and that leads to the address, and return where it is.

        A browser is started with its path, since every user of the machine can see the arguments of a
        program.
        """
        path = self.session.own / "open.html"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(_ENTRANCE.format(address=escape(self.address)))
        return path

    def close(self) -> None:
        """Remove all that was written; `run` does so at its end."""
        self._socket.close()
        self.session.close()

    def stop(self) -> None:
        """End `run`, from any thread or from a signal."""
        self._server.should_exit = True


@contextmanager
def ended_by_signals(serving: Serving) -> Iterator[None]:
    """Stop serving on Ctrl+C and SIGTERM, so that its files are removed."""

    def end(_number: int, _frame: FrameType | None) -> None:
        serving.stop()

    before = {each: signal.signal(each, end) for each in _END}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _bound(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere it would let two programs share the port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
        listening.listen()  # a browser that comes before the first answer waits
    except (OSError, OverflowError) as error:
        listening.close()
        raise UsageError(f"Port {port} cannot be used: choose another, or leave --port out.") from error
    return listening
