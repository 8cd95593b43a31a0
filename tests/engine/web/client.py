"""Asks the pages over HTTP, with addresses and bodies exactly as they are given."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from engine.web.server import Serving


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def fields(self) -> dict[str, Any]:
        """The JSON of it."""
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def refusal(self) -> str:
        """The sentence of a refusal."""
        assert self.status >= 400, self.body[:200]
        return str(self.fields["error"])


class Client:
    """Asks what a server answers."""

    def __init__(self, serving: Serving) -> None:
        self.serving = serving
        self.port = serving.port
        self.root = urlsplit(serving.address).path

    def raw(self, path: str, method: str = "GET", body: Any = None, **headers: str) -> Reply:
        """Ask for an address from the root of the server on."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.putrequest(method, path, skip_host="Host" in headers)
            if isinstance(body, bytes) and "Content_Length" not in headers:
                headers["Content_Length"] = str(len(body))
            for name, value in headers.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders(body, encode_chunked=not isinstance(body, bytes | None))
            answer = connection.getresponse()
            return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Reply:
        """Ask for an address behind the token."""
        return self.raw(self.root + path, **headers)

    def post(self, path: str, fields: object) -> Reply:
        """Send JSON."""
        return self.raw(self.root + path, "POST", json.dumps(fields).encode())

    def upload(self, body: Any, name: str = "sent.wav", **headers: str) -> Reply:
        """Send a file."""
        return self.raw(f"{self.root}api/upload?name={name}", "POST", body, **headers)

    def open(self, name: str) -> dict[str, Any]:
        """Pick a recording of the folder."""
        reply = self.post("api/open", {"name": name})
        assert reply.status == 200, reply.body
        return reply.fields

    def done(self, path: str, fields: object) -> dict[str, Any]:
        """Begin a job and return how it ended."""
        reply = self.post(path, fields)
        assert reply.status == 202, reply.body
        job = reply.fields
        while job["state"] in ("waiting", "running"):
            job = self.get(f"api/jobs/{job['id']}").fields
        return job
