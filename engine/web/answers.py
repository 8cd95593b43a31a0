"""Reading requests and sending answers: JSON, shipped files, and one sentence for errors."""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from engine.core.errors import SourceError, UsageError
from engine.core.files.strict_json import strict_json
from engine.web.uploads import TooLargeError

PAGES = Path(__file__).resolve().parents[2] / "resources" / "web"
_SHIPPED = (PAGES, PAGES.with_name("fonts"), PAGES.with_name("plotly"))
_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".otf": "font/otf",
    ".ttf": "font/ttf",
}
_MOST_BODY_BYTES = 100_000
_LOG = logging.getLogger(__name__)
Model = TypeVar("Model", bound=BaseModel)


async def page(name: str, _request: Request) -> Response:
    """Return a page."""
    return _file(PAGES / f"{name}.html")


async def static(request: Request) -> Response:
    """Return a shipped file of a page, by comparing names: the request never becomes a path."""
    for folder in _SHIPPED:
        for path in folder.iterdir():
            if path.name == request.path_params["name"] and path.suffix in _TYPES:
                return _file(path)
    raise HTTPException(404)


def answer(fields: Mapping[str, object], status: int = 200) -> Response:
    """Return JSON."""
    return Response(strict_json(fields), status, media_type="application/json")


async def body(request: Request, model: type[Model]) -> Model:
    """Read the JSON body of a request.

    Raises
    ------
    UsageError : it is missing, too long, or invalid
    """
    held = b""
    async for piece in request.stream():
        held += piece
        if len(held) > _MOST_BODY_BYTES:
            raise UsageError("The page asks for too much at once.")
    try:
        return model.model_validate_json(held)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "all"
        raise UsageError(f"The page sent an invalid request: {where}: {first['msg']}.") from None


def number(text: str | None, usual: float, lowest: float, highest: float) -> float:
    """Return a number of an address, within limits; the usual one where it is none."""
    try:
        found = usual if text is None else float(text)
    except ValueError:
        found = usual
    return usual if math.isnan(found) else min(max(found, lowest), highest)


def _file(path: Path) -> Response:
    return Response(path.read_bytes(), media_type=_TYPES[path.suffix])


def refused(for_pages: Callable[[str], str]) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Return a handler for user errors; `for_pages` converts the message for pages."""

    async def refuse(_request: Request, error: Exception) -> Response:
        if isinstance(error, TooLargeError):
            # Do not wait for the rest of the upload.
            refusal = answer({"error": for_pages(str(error))}, 413)
            refusal.headers["connection"] = "close"
            return refusal
        return answer({"error": for_pages(str(error))}, 415 if isinstance(error, SourceError) else 400)

    return refuse


async def _no_such_address(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    return answer({"error": "There is nothing at this address."}, status)


async def _given_up(_request: Request, _error: Exception) -> Response:
    return answer({"error": "The browser went away."}, 400)


async def _failed(request: Request, error: Exception) -> Response:
    _LOG.error("%s failed", request.scope.get("path"), exc_info=error)
    return answer({"error": "Something went wrong that should not."}, 500)


HANDLERS: dict[Any, Any] = {
    HTTPException: _no_such_address,
    ClientDisconnect: _given_up,
    Exception: _failed,
}
