"""Find wherever else in a document sounds what sounds in a marked span, and propose to cut or repair it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.detection.detector import Heard, detector
from engine.detection.events import (
    EXAMPLE_BEGINS_AT,
    SoundEvent,
    events,
    example_odds_over_time,
)
from engine.document.change import Edit
from engine.document.edits import add_proposals
from engine.document.kinds.cut import CUT
from engine.document.kinds.payload import CROSSFADE_MS
from engine.document.proposals import BY_EXAMPLE, Proposal, proposal_id
from engine.document.state import DocumentState
from engine.jobs.repairs.as_mono import mono
from engine.jobs.repairs.examples import example_in_document
from engine.jobs.repairs.likely import likely_repairs, likely_words
from engine.jobs.repairs.requests import Span, example_words
from engine.jobs.repairs.separate import (
    SeparateRequest,
    require_sound,
    separate_in_document,
    sounding_tracks,
)
from engine.jobs.repairs.separations import Separations
from engine.jobs.sounds.requests import LikeRequest
from engine.progress import Progress
from engine.separation.mask import Mode, floor_of
from engine.separation.windows import joined
from engine.settings import cut_settings
from engine.timebase import samples_to_s
from engine.wording import counted

_SEARCH = 0.5
NOTHING_ELSE = "Nothing else in this recording sounds like what is selected"


@dataclass(frozen=True, slots=True, eq=False)
class FoundLike:
    """What is proposed of a marked sound and of all that is like it, to be decided.

    Attributes
    ----------
    events : the marked one and those that are like it, ascending; none where nothing else is
    separations : the repairs of all of them; None for cuts, and where nothing was found
    """

    request: LikeRequest
    events: tuple[SoundEvent, ...]
    separations: Separations | None

    @property
    def sentence(self) -> str:
        """Say what was found."""
        if not self.events:
            return NOTHING_ELSE
        return f"Found {counted(len(self.events) - 1, 'place')} more like {self._example}"

    def put_into(self, state: DocumentState) -> Edit:
        """Return the proposals as one edit; apply it with the audio of the separations.

        What was answered before stays as it is.
        """
        if not self.events:
            return Edit(self.sentence, ())
        if self.separations is None:
            made: Sequence[Proposal] = self._cuts(state)
        else:
            made = likely_repairs(state, self.separations, self.events, self._marked)
        return add_proposals(state, made, self.sentence)

    def _cuts(self, state: DocumentState) -> list[Proposal]:
        payload: dict[str, object] = {CROSSFADE_MS: cut_settings(state.settings).crossfade_ms}
        made = []
        for one in self.events:
            start, stop = one.start_samples, one.stop_samples
            key = proposal_id(CUT.name, start, stop, BY_EXAMPLE)
            reason = f"Sounds like what you marked at {self._example}: {likely_words(one, self._marked)}."
            made.append(
                Proposal(key, CUT.name, start, stop, one.likelihood, reason, BY_EXAMPLE, (), dict(payload))
            )
        return made

    @property
    def _marked(self) -> Span:
        return self.request.spans.windows[0]

    @property
    def _example(self) -> str:
        return example_words(self._marked, self.request.spans.state.rate_hz)


def find_like(request: LikeRequest, progress: Progress) -> FoundLike:
    """Find what is like the example in all of a document, and take it out, or propose to cut it.

    Raises
    ------
    UsageError : the example is silent, beyond the recording, or like all of it
    SourceError : a recording is missing or cannot be read
    Cancelled : the user asked for it
    """
    spans = request.spans
    state = spans.state
    (example,) = joined(spans.windows, state.length_samples, state.rate_hz)
    tracks = sounding_tracks(state, spans.tracks, (example,))
    require_sound(state, spans.media, tracks, (example,), progress)
    listening = progress if request.cuts else progress.part(0.0, _SEARCH)
    heard = detector().heard(mono(spans, (0, state.length_samples), listening))
    found = like_events(heard, example, state.rate_hz, state.length_samples)
    marked = replace(request, spans=replace(spans, windows=(example,)))
    if len(found) < 2 or request.cuts:
        return FoundLike(marked, found if len(found) > 1 else (), None)
    prompt = example_in_document(marked.spans, example, progress.part(_SEARCH, _SEARCH))
    settings = request.settings
    asked = SeparateRequest(
        state,
        spans.media,
        spans.tracks,
        tuple((one.start_samples, one.stop_samples) for one in found),
        examples=(prompt,),
        mode=Mode.KEEP if settings.keeps else Mode.REMOVE,
        fade_ms=max(0.0, settings.fade_ms),
        floor_db=floor_of(settings.strength_db),
        is_found=True,
    )
    return FoundLike(marked, found, separate_in_document(asked, progress.part(_SEARCH, 1.0)))


def like_events(heard: Heard, example: Span, rate_hz: int, length_samples: int) -> tuple[SoundEvent, ...]:
    """Return the example, and where else is heard what sounds in it, ascending and apart.

    Raises
    ------
    UsageError : the example is like all of the recording
    """
    start_s, stop_s = (samples_to_s(edge, rate_hz) for edge in example)
    odds = example_odds_over_time(heard, (start_s, stop_s))
    others = [
        one
        for one in events(odds, rate_hz, length_samples, EXAMPLE_BEGINS_AT)
        if one.stop_samples <= example[0] or example[1] <= one.start_samples
    ]
    return tuple(sorted([*others, SoundEvent(*example, 1.0)], key=lambda one: one.start_samples))
