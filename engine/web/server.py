"""Serves the pages on this machine alone, until it is stopped."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from types import FrameType

import uvicorn

from engine.core.errors import UsageError
from engine.web.app import application
from engine.web.connections import (
    BACKLOG,
    HEAD_S,
    KEEP_ALIVE_S,
    MOST_WAITING,
    Strangers,
    connections,
    report_exhaustion,
)
from engine.web.door import Door, new_token
from engine.web.session import Session

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
            log_level="critical",  # errors are logged by `engine.web.answers`
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
