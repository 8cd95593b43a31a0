"""Access control: requests to this machine with the token in the address pass; all others get 403."""

from __future__ import annotations

import secrets

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.web.connections import TRUSTED

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
