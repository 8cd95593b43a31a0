"""Audio that an edit puts in the place of a recording, drawn in waveform lanes as it is rendered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.document.edits.by_hand import repair_payload
from engine.document.file.stored_audio import StoredAudio, stored
from engine.document.kinds.operations import Gain, Replace, Shift, Stored
from engine.document.proposals import Decision, Proposal, Verdict
from engine.document.state import DocumentState
from engine.sound.edl.build import build, in_place
from engine.sound.edl.tracks.delay import Sound
from engine.sound.edl.tracks.patched_reader import PatchedReader
from engine.sound.edl.tracks.patches import Patches
from tests.engine.sound.edl.recordings import by_hand
from tests.widgets.timeline.conftest import LENGTH
from tests.widgets.timeline.made_up import MadeUp
from tests.widgets.timeline.sound.test_edited_sound import Held
from tests.widgets.timeline.test_painting import LANES, picture
from widgets.timeline.sound.patched_columns import drawn_patches
from widgets.timeline.sound.result_columns import ResultWave
from widgets.timeline.timeline_view import TimelineView

AT, SPAN = 9_000, (10_000, 20_000)
"""Where the audio of the repair lies, and where it is heard."""
STORED_RATE_HZ = 8_000  # no document has so low a rate as that of these tests
CUT = (15_000, 16_000)


@dataclass(frozen=True, slots=True, eq=False)
class Unpacked(MadeUp):
    """Stored audio in memory."""

    is_read: bool = True

    @property
    def frames(self) -> int:
        return len(self.sound)

    @property
    def channels(self) -> int:
        return int(self.sound.shape[1])

    def samples(self, start: int, stop: int) -> NDArray[np.float32] | None:  # type: ignore[override]
        return self.sound[start:stop] if self.is_read else None


class Exact:
    """The same as a renderer finds it."""

    def __init__(self, known: Mapping[str, Unpacked], channels: int) -> None:
        self._known, self._channels = known, channels

    def holds(self, one: Stored) -> bool:
        return one.key in self._known

    def read(self, one: Stored, start: int, stop: int) -> Sound:
        sound = self._known[one.key].sound[start - one.start_samples : stop - one.start_samples]
        return np.broadcast_to(sound.astype(np.float64), (stop - start, self._channels))


@pytest.fixture
def audio(rng: np.random.Generator) -> StoredAudio:
    return stored(rng.uniform(-0.9, 0.9, (12_000, 1)).astype(np.float32), STORED_RATE_HZ)


def known(audio: StoredAudio, sampled_below: float = 256.0) -> dict[str, Unpacked]:
    return {audio.key: Unpacked(audio.samples, sampled_below)}


@pytest.fixture
def repaired(state: DocumentState, audio: StoredAudio) -> DocumentState:
    """A repair of all tracks, a slice of it slipped, another quieter and a third cut; with crossfades."""
    payload = repair_payload(audio, AT, 120.0)
    one = Proposal("repair", "repair", *SPAN, 0.9, "A cough.", "test", payload=payload)
    state = replace(state, proposals={one.id: one}, decisions={one.id: Decision(one.id, Verdict.ACCEPTED)})
    state = by_hand(state, "slip", (11_000, 13_000), {"by_samples": 300.0, "crossfade_ms": 100.0}, ("kick",))
    state = by_hand(state, "slip", (19_500, 21_000), {"by_samples": -500.0}, ("kick",))
    state = by_hand(state, "gain", (17_000, 18_000), {"gain_db": -12.0, "ramp_ms": 0.0})
    return by_hand(state, "cut", CUT, {"crossfade_ms": 0.0})


EDGES = (*SPAN, 11_000, 13_000, 19_500, 21_000, 17_000, 18_000)
REACH = 60  # of half a crossfade


def heard(
    state: DocumentState, waves: dict[str, MadeUp], sounds: Mapping[str, Unpacked]
) -> dict[str, MadeUp]:
    """The waves of recordings that really sound as they are rendered."""
    patches, made = in_place(state).patches, {}
    for track in state.tracks:
        wave = waves[track.id]
        frames, channels = wave.sound.shape
        own, there = patches[track.id], Exact(sounds, channels)
        reader = PatchedReader(Held(wave), own, frames, channels, track.start_samples, there)
        made[track.id] = replace(wave, sound=reader.read(0, frames))
    return made


@pytest.mark.parametrize("is_result", [False, True])
@pytest.mark.parametrize("samples_per_px", [20.0, 7.5, 0.2])
@pytest.mark.parametrize("start", [9_930.0, 12_950.0, 18_440.0])
@pytest.mark.parametrize("sampled_below", [256.0, 0.5])
def test_a_repair_is_drawn_as_a_recording_of_it_would_be(
    view: TimelineView,
    repaired: DocumentState,
    audio: StoredAudio,
    waves: dict[str, MadeUp],
    start: float,
    samples_per_px: float,
    is_result: bool,
    sampled_below: float,
) -> None:
    waves = {key: replace(wave, sampled_below=sampled_below) for key, wave in waves.items()}
    edits = build(repaired) if is_result else None
    patches = in_place(repaired).patches
    view.lanes.set_waves(waves)
    view.lanes.set_document(repaired, edits, patches)
    view.canvas.set_viewport(
        replace(view.canvas.viewport, start_samples=start, samples_per_px=samples_per_px)
    )
    as_recorded = picture(view)
    view.lanes.set_stored_waves(known(audio, sampled_below))
    seen, gains = picture(view), dict(view.lanes._gains)
    view.lanes.set_document(repaired, edits and replace(edits, patches={}))
    view.lanes.set_waves(heard(repaired, waves, known(audio)))
    view.lanes._gains.update(gains)
    view.lanes.set_waves(view.lanes._waves)
    differs = (seen[LANES] != picture(view)[LANES]).any(axis=0)
    if sampled_below > samples_per_px:
        assert not differs.any(), "made of samples, its crossfades included"
    else:  # of the pyramid: a column over an edge or a crossfade shows either side, and joins its neighbours
        to_view = edits.to_result if edits is not None else int
        edges = [view.canvas.viewport.x_at(to_view(edge)) for edge in (*EDGES, *CUT)]
        away = np.min(np.abs(np.arange(len(differs))[:, None] - edges), axis=1) > 2 + REACH / samples_per_px
        assert not differs[away].any()
    assert (seen[LANES] != as_recorded[LANES]).any()


def test_until_it_is_there_the_recording_is_drawn_from_its_own_wave(
    view: TimelineView, state: DocumentState, audio: StoredAudio, waves: dict[str, MadeUp]
) -> None:
    one = Replace(*SPAN, ("kick",), stored=Stored(audio.key, AT, AT + audio.frames))
    patches = {"kick": Patches.of([one], state.rate_hz)}
    view.lanes.set_document(state, None, patches)
    shown = view.canvas._layers
    assert shown._waves["kick"] is waves["kick"]
    view.lanes.set_stored_waves(known(audio))
    assert isinstance(shown._waves["kick"], ResultWave)
    assert shown._waves["keys"] is waves["keys"]
    view.lanes.set_stored_waves({})
    assert shown._waves["kick"] is waves["kick"]


def test_samples_that_are_still_read_are_waited_for(
    view: TimelineView, state: DocumentState, audio: StoredAudio
) -> None:
    one = Replace(*SPAN, ("kick",), stored=Stored(audio.key, AT, AT + audio.frames))
    view.lanes.set_document(state, None, {"kick": Patches.of([one], state.rate_hz)})
    view.lanes.set_stored_waves({audio.key: Unpacked(audio.samples, is_read=False)})
    wave = view.canvas._layers._waves["kick"]
    assert wave.samples(11_000, 11_100) is None
    assert wave.samples(0, 100) is not None


def test_what_lies_below_shows_where_audio_is_missing(audio: StoredAudio) -> None:
    """As it is heard: a mute below a repair that cannot be read is silent."""
    lies = Stored(audio.key, 0, audio.frames)
    mute, over, gain = Replace(0, 500), Replace(100, 200, stored=lies), Gain(0, 50, gain_db=3.0)
    slip = Shift(300, 400, by_samples=3.0)
    patches = {"one": Patches.of([mute, over, gain, slip], 8_000), "two": Patches.of([over], 8_000)}
    channels = {"one": 1, "two": 2}
    assert drawn_patches(patches, channels, known(audio)) is patches
    left = drawn_patches(patches, channels, {})
    assert {key: own.operations for key, own in left.items()} == {"one": (mute, slip, gain)}


@pytest.mark.parametrize(("frames", "channels"), [(LENGTH, 1), (12_000, 3)])
def test_audio_of_another_length_or_width_shows_the_recording(
    audio: StoredAudio, frames: int, channels: int
) -> None:
    one = Replace(*SPAN, stored=Stored(audio.key, AT, AT + 12_000))
    other = {audio.key: Unpacked(np.zeros((frames, channels), np.float32))}
    assert drawn_patches({"kick": Patches.of([one], 8_000)}, {"kick": 2}, other) == {}
