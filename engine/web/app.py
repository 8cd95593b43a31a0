"""The addresses of the pages: requests are read and checked, answers are JSON, shipped files or one sentence.

Sound for the browser is WAV of 16 bits, made while it is read, and waveforms.
"""

from __future__ import annotations

import logging
import math
import re
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from engine.analysis.sound_names.vocabulary import separable_sounds
from engine.core.build import RESOURCES
from engine.core.errors import OffcutError, SeparationError, SourceError, UsageError
from engine.core.files.safe_write import shown
from engine.core.files.text import strict_json
from engine.core.progress import Progress
from engine.features.repair.separation.windows import gate
from engine.sound.decoders.registry import audio_suffixes
from engine.sound.pictures.peaks import Columns, sample_columns
from engine.sound.reader import probe
from engine.web import comparing, separating, tastes
from engine.web.files import MOST_BYTES, TooLargeError, shown_name, stored
from engine.web.session import OpenRecording, Result, Session
from engine.web.work import Answer

MOST_COLUMNS = 4_000
_EXACT_BELOW = 512
"""Columns of fewer samples are drawn from the samples themselves."""
_DECIMALS = 4
_PATIENCE_S = 1.0


def outline(
    recording: OpenRecording, start_s: float, stop_s: float, columns: int
) -> dict[str, list[float]] | None:
    """Return a waveform between two times: `minimum`, `maximum` and `rms`, each of `columns` values.

    None where the recording is still being read for it, which of many hours takes minutes.
    """
    reader = recording.reader
    start, each = start_s * reader.rate_hz, (stop_s - start_s) * reader.rate_hz / columns
    found: list[Columns]
    if each < _EXACT_BELOW:
        first = int(start)
        with recording.lock:
            samples = reader.read(first, int(stop_s * reader.rate_hz) + 1)
        found = [sample_columns(one, first, start, each, columns) for one in samples.T]
    else:
        peaks = recording.peaks(_PATIENCE_S)
        if peaks is None:
            return None
        found = [peaks.columns(channel, start, each, columns) for channel in range(peaks.channels)]
    return {
        "minimum": _rounded(np.min([one.minimum for one in found], axis=0)),
        "maximum": _rounded(np.max([one.maximum for one in found], axis=0)),
        "rms": _rounded(np.max([one.rms for one in found], axis=0)),
    }


def _rounded(values: NDArray[np.float32]) -> list[float]:
    rounded: list[float] = np.round(values.astype(np.float64), _DECIMALS).tolist()
    return rounded


Samples = NDArray[np.float32]
HEAD_BYTES = 44
_MOST_BYTES = 1 << 20
"""More than this is asked for again; a browser does so as it plays."""
_LARGEST = 2**32 - 2**16
_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})")


@dataclass(frozen=True, slots=True, eq=False)
class Playable:
    """Something to listen to.

    Attributes
    ----------
    read : returns samples [start, stop), shape (stop - start, channels)
    """

    read: Callable[[int, int], Samples]
    rate_hz: int
    channels: int
    frames: int


def whole_recording(recording: OpenRecording) -> Playable:
    """Return a recording as it is."""
    reader = recording.reader

    def read(start: int, stop: int) -> Samples:
        with recording.lock:
            samples: Samples = reader.read(start, stop)
        return samples

    return Playable(read, reader.rate_hz, reader.channels, reader.frames)


def downloaded_result(result: Result) -> Playable:
    """Return the downloadable audio."""
    return whole_recording(result.written)


def separated_target(result: Result) -> Playable:
    """Return the named sound inside the windows, and silence elsewhere."""
    before, after = whole_recording(result.of), whole_recording(result.written)

    def read(start: int, stop: int) -> Samples:
        if not result.keeps:
            return before.read(start, stop) - after.read(start, stop)
        playable = np.zeros((stop - start, before.channels), np.float32)
        for first, last in result.windows:
            begin, end = max(start, first), min(stop, last)
            if begin < end:
                curve = gate(last - first, result.fade_samples, begin - first, end - first)[:, None]
                playable[begin - start : end - start] = curve * after.read(begin, end)
        return playable

    return Playable(read, before.rate_hz, before.channels, before.frames)


def separated_remainder(result: Result) -> Playable:
    """Return the recording without the named sound."""
    before, target = whole_recording(result.of), separated_target(result)

    def read(start: int, stop: int) -> Samples:
        return before.read(start, stop) - target.read(start, stop)

    return Playable(read, before.rate_hz, before.channels, before.frames)


def wave_response(playable: Playable, byte_range: str | None) -> Response:
    """Return the part of the file in the header ``Range``; all of it without one.

    More than two channels are mixed to mono.
    """
    channels = playable.channels if playable.channels <= 2 else 1
    frames = min(playable.frames, (_LARGEST - HEAD_BYTES) // (2 * channels))
    size = HEAD_BYTES + frames * 2 * channels
    piece = partial(_piece, playable, channels, frames)
    if byte_range is None:
        pieces = (piece(at, min(size, at + _MOST_BYTES)) for at in range(0, size, _MOST_BYTES))
        headers = {"accept-ranges": "bytes", "content-length": str(size)}
        return StreamingResponse(pieces, 200, headers, "audio/wav")
    found = _RANGE.fullmatch(byte_range)
    first = int(found[1]) if found else size
    stop = min(int(found[2]) + 1 if found and found[2] else size, size, first + _MOST_BYTES)
    if stop <= first:
        return Response(status_code=416, headers={"content-range": f"bytes */{size}"})
    headers = {"accept-ranges": "bytes", "content-range": f"bytes {first}-{stop - 1}/{size}"}
    return Response(piece(first, stop), 206, headers, "audio/wav")


def _piece(playable: Playable, channels: int, frames: int, first: int, stop: int) -> bytes:
    """Return the bytes [first, stop) of the file."""
    frame_bytes = 2 * channels
    head = _head(playable.rate_hz, channels, frames * frame_bytes)[first:stop]
    at, end = max(0, first - HEAD_BYTES), max(0, stop - HEAD_BYTES)
    begin = at // frame_bytes
    samples = playable.read(begin, -(-end // frame_bytes))
    if channels != playable.channels:
        samples = samples.mean(axis=1, keepdims=True)
    scaled = np.clip(np.rint(samples * 32768.0), -32768, 32767)
    numbers = bytes(scaled.astype("<i2").tobytes())
    return head + numbers[at - begin * frame_bytes : end - begin * frame_bytes]


def _head(rate_hz: int, channels: int, data_bytes: int) -> bytes:
    frame_bytes = 2 * channels
    form = struct.pack("<IHHIIHH", 16, 1, channels, rate_hz, rate_hz * frame_bytes, frame_bytes, 16)
    begin = b"RIFF" + struct.pack("<I", HEAD_BYTES - 8 + data_bytes)
    return begin + b"WAVEfmt " + form + b"data" + struct.pack("<I", data_bytes)


PAGES = RESOURCES / "web"
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


HANDLERS: dict[Any, Any] = {HTTPException: _no_such_address, ClientDisconnect: _given_up, Exception: _failed}


_HEARD = {"target": separated_target, "remainder": separated_remainder, "result": downloaded_result}


class _Named(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=10_000)


def application(session: Session, most_bytes: int = MOST_BYTES) -> Starlette:
    """Return the pages of a session, to be served behind `engine.web.server.Door`."""
    served = _Served(session, most_bytes)
    pages = Starlette(
        routes=[
            Route("/", partial(page, "separate")),
            Route("/taste", partial(page, "taste")),
            Route("/score", partial(page, "score")),
            Route("/compare", partial(page, "compare")),
            Route("/static/{name}", static),
            Route("/api/folder", served.folder),
            Route("/api/open", served.open, methods=["POST"]),
            Route("/api/upload", served.upload, methods=["POST"]),
            Route("/api/recordings/{key}/peaks", served.peaks),
            Route("/api/recordings/{key}/listen", served.listen),
            Route("/api/recordings/{key}/detect", served.detect, methods=["POST"]),
            Route("/api/recordings/{key}/separate", served.separate, methods=["POST"]),
            Route("/api/recordings/{key}/score", served.score, methods=["POST"]),
            Route("/api/compare", served.compare, methods=["POST"]),
            Route("/api/tastes", served.overview, methods=["POST"]),
            Route("/api/jobs/{key}", served.job),
            Route("/api/jobs/{key}", served.cancel, methods=["DELETE"]),
            Route("/api/results/{key}/download", served.download),
            Route("/api/results/{key}/{what}", served.listen_to_result),
        ],
        exception_handlers={**HANDLERS, OffcutError: refused(session.for_pages)},
    )
    pages.router.redirect_slashes = False  # to an address that lacks the token
    return pages


class _Served:
    """Handlers for the requests of a session."""

    def __init__(self, session: Session, most_bytes: int) -> None:
        self._session, self._most_bytes = session, most_bytes

    async def folder(self, _request: Request) -> Response:
        session = self._session
        listed = await run_in_threadpool(tastes.listed, session)
        root = session.root
        return answer(
            {
                "folder": None if root is None else shown(root.absolute().name or root),
                "recordings": await run_in_threadpool(session.names),
                "tastes": listed,
                "words": list(separable_sounds()),
                "suffixes": sorted(audio_suffixes()),
                "most_bytes": self._most_bytes,
                "most_recordings": comparing.MOST_RECORDINGS,
                "most_tastes": comparing.MOST_TASTES,
            }
        )

    async def open(self, request: Request) -> Response:
        wanted = await body(request, _Named)
        recording = await run_in_threadpool(self._session.pick, wanted.name)
        return answer(await run_in_threadpool(_facts, recording))

    async def upload(self, request: Request) -> Response:
        name = shown_name(request.query_params.get("name", ""))
        length = request.headers.get("content-length", "")
        promised = int(length) if length.isdecimal() and len(length) < 16 else None
        own = self._session.own
        path = await stored(request.stream(), own, name, promised, self._most_bytes)
        recording = self._session.add(OpenRecording(path, name, is_ours=True))
        return answer(await run_in_threadpool(_facts, recording))

    async def peaks(self, request: Request) -> Response:
        recording = self._recording(request)
        wanted = request.query_params
        columns = int(number(wanted.get("columns"), 1_000, 1, MOST_COLUMNS))
        start_s = number(wanted.get("start_s"), 0.0, 0.0, recording.duration_s)
        stop_s = number(wanted.get("stop_s"), recording.duration_s, 0.0, recording.duration_s)
        if stop_s <= start_s:
            raise UsageError("There is nothing to draw between these times.")
        found = await run_in_threadpool(outline, recording, start_s, stop_s, columns)
        return answer({"read": recording.read_share}, 202) if found is None else answer(found)

    async def listen(self, request: Request) -> Response:
        playable = whole_recording(self._recording(request))
        return await run_in_threadpool(wave_response, playable, request.headers.get("range"))

    async def listen_to_result(self, request: Request) -> Response:
        result = self._session.result(request.path_params["key"])
        try:
            playable = _HEARD[request.path_params["what"]](result)
        except KeyError:
            raise UsageError("Of a result there are target, remainder and result.") from None
        return await run_in_threadpool(wave_response, playable, request.headers.get("range"))

    async def download(self, request: Request) -> Response:
        written = self._session.result(request.path_params["key"]).written
        return FileResponse(written.path, media_type="application/octet-stream", filename=written.name)

    async def detect(self, request: Request) -> Response:
        recording = self._recording(request)
        wanted = await body(request, separating.Windowed)
        return self._begin(partial(separating.detected_words, recording, wanted), recording)

    async def separate(self, request: Request) -> Response:
        recording = self._recording(request)
        wanted = await body(request, separating.Wanted)
        return self._begin(partial(separating.separation, self._session, recording, wanted), recording)

    async def score(self, request: Request) -> Response:
        recording = self._recording(request)
        wanted = await body(request, tastes.OfTaste)
        return self._begin(partial(tastes.scores, self._session, recording, wanted), recording)

    async def overview(self, request: Request) -> Response:
        wanted = await body(request, tastes.OfTaste)
        return self._begin(partial(tastes.overview, self._session, wanted))

    async def compare(self, request: Request) -> Response:
        wanted = await body(request, comparing.Compared)
        return self._begin(partial(comparing.compared, self._session, wanted))

    async def job(self, request: Request) -> Response:
        return answer(self._session.work.job(request.path_params["key"]).fields())

    async def cancel(self, request: Request) -> Response:
        job = self._session.work.job(request.path_params["key"])
        job.cancelled.set()
        return answer(job.fields())

    def _recording(self, request: Request) -> OpenRecording:
        return self._session.recording(request.path_params["key"])

    def _begin(self, work: Callable[[Progress], Answer], of: OpenRecording | None = None) -> Response:
        named = work if of is None else partial(_with_its_name, of, work)
        return answer(self._session.work.submit(named).fields(), 202)


def _with_its_name(of: OpenRecording, work: Callable[[Progress], Answer], progress: Progress) -> Answer:
    """Run work; errors mention the name known to the page instead of the path of our file."""
    try:
        return work(progress)
    except SeparationError:
        raise  # names no file
    except OffcutError as error:
        raise OffcutError(of.for_pages(str(error))) from error


def _facts(recording: OpenRecording) -> dict[str, object]:
    info = probe(recording.path)
    return {
        "key": recording.key,
        "name": recording.name,
        "rate_hz": info.rate_hz,
        "channels": info.channels,
        "duration_s": recording.duration_s,
        "container": info.container,
        "subtype": info.subtype,
        "warning": recording.for_pages(info.warning),
    }
