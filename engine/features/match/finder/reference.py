"""The reference sound of a match: the mix of a document, or one track that the file plays alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from engine.core.errors import SourceError
from engine.core.progress import Progress
from engine.document.state import DocumentState
from engine.document.tracks.track import Track, audible
from engine.features.match.alone import detect_alone
from engine.features.match.match import require_long
from engine.features.match.searching.features import SearchFeatures, search_features
from engine.features.match.sound import Sound, one_at_a_time
from engine.sound.edl.build import whole
from engine.sound.edl.render import Renderer


@dataclass(frozen=True, slots=True)
class Reference:
    """The sound that a file is matched with.

    Attributes
    ----------
    state : the document, where only the tracks of the reference are audible
    sound : the reference, unedited
    track : the track of the reference; None for the mix
    features : features of the file and of the mix
    compared : number of comparisons of a window of the file with a track or the mix
    """

    state: DocumentState
    sound: Sound
    track: Track | None
    features: Mapping[Sound, SearchFeatures]
    compared: int


@contextmanager
def open_reference(
    state: DocumentState, media: Mapping[str, Path], edited: Sound, progress: Progress
) -> Iterator[Reference]:
    """Open the mix of a document, or the track that an edited file plays alone.

    Raises
    ------
    SourceError : an audible source is missing or cannot be read
    UsageError : the file is too short
    Cancelled : the user asked for it
    """
    require_long(edited)
    in_mix = {one.id for one in audible(state.tracks)}
    with ExitStack() as opened:
        mix = opened.enter_context(_sound(state, media))
        features = {
            sound: search_features(sound, progress.part(0.0, 0.8).step(number, 2))
            for number, sound in enumerate((edited, mix))
        }
        of_tracks: list[tuple[Track, Sound]] = []
        for track in state.tracks:
            # A muted track may miss its recordings: the mix has been opened without them.
            with suppress(*(() if track.id in in_mix else (SourceError,))):
                of_tracks.append((track, opened.enter_context(_sound(_alone(state, track), media))))
        found = detect_alone(
            (mix, features[mix]),
            [sound for _, sound in of_tracks],
            (edited, features[edited]),
            progress.part(0.8, 1.0),
        )
        if found.track is None:
            yield Reference(state, mix, None, features, found.compared)
        else:
            track, sound = of_tracks[found.track]
            yield Reference(_alone(state, track), sound, track, features, found.compared)


def _alone(state: DocumentState, track: Track) -> DocumentState:
    tracks = tuple(replace(one, solo=one.id == track.id, mute=False) for one in state.tracks)
    return replace(state, tracks=tracks)


@contextmanager
def _sound(state: DocumentState, media: Mapping[str, Path]) -> Iterator[Sound]:
    with Renderer(state, whole(state), media) as renderer:
        read = one_at_a_time(renderer.read)
        yield Sound(Path("this recording"), state.length_samples, state.rate_hz, renderer.channels, read)
