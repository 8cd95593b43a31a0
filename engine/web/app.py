"""The addresses of the pages and their handlers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from pydantic import BaseModel, ConfigDict, Field
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from engine.analysis.words.vocabulary import separable_sounds
from engine.core.errors import OffcutError, SeparationError, UsageError
from engine.core.files.safe_write import shown
from engine.core.progress import Progress
from engine.sound.decoders.registry import audio_suffixes
from engine.sound.reader import probe
from engine.web import comparing, separating, tastes
from engine.web.answers import HANDLERS, answer, body, number, page, refused, static
from engine.web.drawing import MOST_COLUMNS, outline
from engine.web.listening import (
    downloaded_result,
    separated_remainder,
    separated_target,
    wave_response,
    whole_recording,
)
from engine.web.session import OpenRecording, Session
from engine.web.uploads import MOST_BYTES, shown_name, stored
from engine.web.work import Answer

_HEARD = {
    "target": separated_target,
    "remainder": separated_remainder,
    "result": downloaded_result,
}


class _Named(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=10_000)


def application(session: Session, most_bytes: int = MOST_BYTES) -> Starlette:
    """Return the pages of a session, to be served behind `engine.web.door.Door`."""
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
        exception_handlers={**HANDLERS, OffcutError: refused(session.told)},
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
        asked = await body(request, _Named)
        recording = await run_in_threadpool(self._session.pick, asked.name)
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
        asked = request.query_params
        columns = int(number(asked.get("columns"), 1_000, 1, MOST_COLUMNS))
        start_s = number(asked.get("start_s"), 0.0, 0.0, recording.duration_s)
        stop_s = number(asked.get("stop_s"), recording.duration_s, 0.0, recording.duration_s)
        if stop_s <= start_s:
            raise UsageError("There is nothing to draw between these times.")
        found = await run_in_threadpool(outline, recording, start_s, stop_s, columns)
        return answer({"read": recording.read_share}, 202) if found is None else answer(found)

    async def listen(self, request: Request) -> Response:
        heard = whole_recording(self._recording(request))
        return await run_in_threadpool(wave_response, heard, request.headers.get("range"))

    async def listen_to_result(self, request: Request) -> Response:
        result = self._session.result(request.path_params["key"])
        try:
            heard = _HEARD[request.path_params["what"]](result)
        except KeyError:
            raise UsageError("Of a result there are target, remainder and result.") from None
        return await run_in_threadpool(wave_response, heard, request.headers.get("range"))

    async def download(self, request: Request) -> Response:
        written = self._session.result(request.path_params["key"]).written
        return FileResponse(written.path, media_type="application/octet-stream", filename=written.name)

    async def detect(self, request: Request) -> Response:
        recording = self._recording(request)
        asked = await body(request, separating.Windowed)
        return self._begin(partial(separating.detected_words, recording, asked), recording)

    async def separate(self, request: Request) -> Response:
        recording = self._recording(request)
        wanted = await body(request, separating.Wanted)
        return self._begin(partial(separating.separation, self._session, recording, wanted), recording)

    async def score(self, request: Request) -> Response:
        recording = self._recording(request)
        asked = await body(request, tastes.OfTaste)
        return self._begin(partial(tastes.scores, self._session, recording, asked), recording)

    async def overview(self, request: Request) -> Response:
        asked = await body(request, tastes.OfTaste)
        return self._begin(partial(tastes.overview, self._session, asked))

    async def compare(self, request: Request) -> Response:
        asked = await body(request, comparing.Compared)
        return self._begin(partial(comparing.compared, self._session, asked))

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
        raise OffcutError(of.told(str(error))) from error


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
        "warning": recording.told(info.warning),
    }
