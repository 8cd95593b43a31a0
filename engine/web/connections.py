"""Connections to the pages: those that do not ask for a page in time, or are too many, are closed.

All of them come from this machine, so clients are distinguished by the token, not by addresses. A connection
that has sent it is a page's, also before the server has read it; the others share a few places, and the
oldest of them is replaced by the next.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from secrets import compare_digest
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

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
