"""Every edit in the real window, applied and undone: nothing fails, and the view is as it was."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from inspect import getmembers, isfunction, signature
from pathlib import Path
from random import Random

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from engine.core.errors import OffcutError
from engine.core.progress import SILENT
from engine.document.analysis import BeatGrid
from engine.document.document import Document
from engine.document.edits import clips as clip_edits
from engine.document.edits import markers as marker_edits
from engine.document.edits import tracks as edits
from engine.document.edits.by_hand import edit_by_hand
from engine.document.edits.proposals import set_analyses
from engine.document.edits.tracks import set_track
from engine.document.kinds import KINDS
from engine.document.settings import Ripple
from engine.document.state import DocumentState, Edit
from engine.document.tracks import Clip, Picture, Track
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from tests.desktop.conftest import Hands
from tests.hostile.bad_files import RATE_HZ, good
from tests.kind_examples import EXAMPLES

SECONDS = 70
Make = Callable[[DocumentState, Random], Edit]


@pytest.fixture
def day(hands: Hands, tmp_path: Path) -> Hands:
    """A stereo recording, two mono ones of which one has three clips, and a file that is not imported yet."""
    files = tuple(
        good(tmp_path / f"{name}.wav", length_s, channels, seed)
        for seed, (name, length_s, channels) in enumerate(
            (("room", 30, 2), ("voice", SECONDS, 1), ("guest", 12, 1))
        )
    )
    good(tmp_path / "later.wav", 9, 2, 7)
    grid = BeatGrid(np.array([0, 9 * RATE_HZ]), np.array([1, 2]), 6.0, 0.9, "test")  # nothing is listened to
    path = tmp_path / "day.offcut"
    with Document.create(path) as made:
        made.apply(import_edit(made.state, import_audio(ImportRequest(files), SILENT)))
        made.apply(set_analyses(made.state, {"beats": "beats-0"}, "Heard"), {"beats-0": grid})
        for track in made.state.tracks:
            made.apply(set_track(made.state, track.id, group="", role=""))
        guest = made.state.tracks[2]
        for at_s in (4, 8):
            made.apply(clip_edits.split_clips(made.state, at_s * RATE_HZ, [guest.id]))
    hands.window.session.open(path)
    hands.finish_work()
    return hands


def a_track(state: DocumentState, rng: Random) -> Track:
    return rng.choice(state.tracks)


def a_clip(state: DocumentState, rng: Random) -> Clip:
    return rng.choice([clip for track in state.tracks for clip in track.clips])


def a_place(state: DocumentState, rng: Random) -> int:
    return rng.randrange(state.length_samples)


def a_trim(state: DocumentState, rng: Random) -> Edit:
    clip = a_clip(state, rng)
    start = clip.start_samples + clip.length_samples // 4
    return clip_edits.trim_clip(state, clip.id, start, clip.stop_samples, ripple=rng.choice(list(Ripple)))


CLIP_EDITS: dict[str, Make] = {
    "place": lambda s, r: clip_edits.place_clips(s, {a_clip(s, r).id: a_place(s, r)}),
    "nudge": lambda s, r: clip_edits.nudge_clips(
        s, [a_clip(s, r).id], RATE_HZ, ripple=r.choice(list(Ripple))
    ),
    "place together": lambda s, r: clip_edits.place_together(s, [a_clip(s, r).id], a_place(s, r)),
    "take": lambda s, r: clip_edits.take_clips(s, [a_clip(s, r).id], a_track(s, r).id, RATE_HZ),
    "trim": a_trim,
    "split": lambda s, r: clip_edits.split_clips(s, a_place(s, r), [a_track(s, r).id]),
    "raise": lambda s, r: clip_edits.raise_clips(s, [a_clip(s, r).id]),
    "duplicate": lambda s, r: clip_edits.duplicate_clips(s, [a_clip(s, r).id], a_place(s, r)),
    "remove": lambda s, r: clip_edits.remove_clips(s, [a_clip(s, r).id], r.choice(list(Ripple))),
    "gain": lambda s, r: clip_edits.set_clips(s, [a_clip(s, r).id], gain_db=-6.0),
    "fades": lambda s, r: clip_edits.set_clips(s, [a_clip(s, r).id], fade_in_samples=100),
    "lock": lambda s, r: clip_edits.set_clips(s, [a_clip(s, r).id], is_locked=True),
    "join": lambda s, r: clip_edits.join_tracks(s, a_track(s, r).id, [a_track(s, r).id, a_track(s, r).id]),
}
TRACK_EDITS: dict[str, Make] = {
    "remove track": lambda s, r: edits.remove_track(s, a_track(s, r).id),
    "remove tracks": lambda s, _: edits.remove_track(s, *(track.id for track in s.tracks)),
    "move track": lambda s, r: edits.move_track(s, a_track(s, r).id, 0),
    "mute": lambda s, r: edits.set_track(s, a_track(s, r).id, mute=True),
    "solo": lambda s, r: edits.set_tracks(s, [a_track(s, r).id, a_track(s, r).id], solo=True),
    "gain of track": lambda s, r: edits.set_track(s, a_track(s, r).id, gain_db=-3.0),
    "height": lambda s, r: edits.set_track(s, a_track(s, r).id, height_px=400),
    "collapse": lambda s, r: edits.set_track(s, a_track(s, r).id, is_collapsed=True),
    "open channels": lambda s, r: edits.set_track(s, a_track(s, r).id, channels_open=True),
    "spectrogram": lambda s, r: edits.set_track(s, a_track(s, r).id, picture=Picture.SPECTROGRAM),
    "group": lambda s, r: edits.set_track(s, a_track(s, r).id, group="band"),
    "colour": lambda s, r: edits.set_group(s, a_track(s, r).id, color="#5fa8b5"),
}
MARKER_EDITS: dict[str, Make] = {
    "marker": lambda s, r: marker_edits.add_marker(s, a_place(s, r)),
    "region": lambda s, _: marker_edits.add_region(s, RATE_HZ, 60 * RATE_HZ)[0],
}


def by_hand(name: str) -> Make:
    """Return an edit by hand of a kind, of one track if it can be of one."""

    def make(state: DocumentState, rng: Random) -> Edit:
        start = rng.randrange(SECONDS - 6) * RATE_HZ
        tracks = (a_track(state, rng).id,) if KINDS[name].is_of_tracks else ()
        payload = EXAMPLES[name].payload
        return edit_by_hand(state, name, start, start + 4 * RATE_HZ, payload, tracks)[0]

    return make


KIND_EDITS: dict[str, Make] = {f"{name} by hand": by_hand(name) for name in KINDS}
EVERY: dict[str, Make] = {**CLIP_EDITS, **TRACK_EDITS, **MARKER_EDITS, **KIND_EDITS}


def import_later(hands: Hands) -> None:
    """Import another recording, as the window does."""
    path = hands.window.session.path
    assert path is not None
    request = ImportRequest((path.with_name("later.wav"),), RATE_HZ, hands.window.session.state)
    imported = import_audio(request, SILENT)
    hands.window.session.apply(import_edit(hands.window.session.state, imported))
    hands.window.session.set_media(imported.media.paths)


def look(hands: Hands) -> tuple[object, ...]:
    """Draw the window, check its positions, and return how the tracks are shown."""
    window = hands.window
    QApplication.processEvents()
    window.timeline.grab()
    state, view = window.session.state, window.timeline.canvas.viewport
    assert 0 <= window.transport.playhead_samples <= state.length_samples
    assert window.timeline.canvas.playhead == window.transport.playhead_samples
    assert view.length_samples == state.length_samples
    span = window.selecting.span
    assert span is None or 0 <= span[0] < span[1] <= state.length_samples
    heads = window.timeline.heads
    return view, list(heads.heads), heads.accents(), window.timeline.canvas.frame.layout.scroll


def test_every_way_to_edit_clips_is_tried() -> None:
    public = {
        name
        for name, function in getmembers(clip_edits, isfunction)
        if function.__module__ == clip_edits.__name__ and signature(function).return_annotation == "Edit"
    }
    tried = {name for make in CLIP_EDITS.values() for name in make.__code__.co_names}
    assert tried >= {name for name in public if not name.startswith("_")}


@pytest.mark.parametrize("is_close", [False, True])
def test_each_edit_and_its_undo_leave_the_view_as_it_was(day: Hands, is_close: bool) -> None:
    session, rng = day.window.session, Random(57)
    first = session.state
    for name, make in {**CLIP_EDITS, **TRACK_EDITS}.items():
        for _ in range(3):
            if is_close:
                day.window.timeline.zooms.show_window(rng.randrange(60) * RATE_HZ, 9 * RATE_HZ)
            day.window.transport.seek(a_place(first, rng))
            before = look(day)
            with suppress(OffcutError):
                session.apply(make(first, rng))
                look(day)
                if session.state != first:
                    session.undo()
            assert session.state == first
            assert look(day) == before, name


@pytest.mark.parametrize("seed", range(3))
def test_any_edits_are_drawn_and_undone(day: Hands, seed: int) -> None:
    session, rng = day.window.session, Random(seed)
    first, before = session.state, look(day)
    for name in rng.choices([*EVERY, "import", "undo"], k=40):
        if not session.state.tracks:
            session.undo()
        day.window.transport.seek(rng.choice([a_place(session.state, rng), session.state.length_samples]))
        with suppress(OffcutError):
            if name == "import":
                import_later(day)
            elif name == "undo" and session.state != first:
                session.undo()
            elif name in EVERY:
                session.apply(EVERY[name](session.state, rng))
        look(day)
    while session.state != first:
        assert session.undo() is not None
        look(day)
    assert look(day)[1:] == before[1:]


def test_an_undone_import_takes_the_playhead_along(hands: Hands, tmp_path: Path) -> None:
    hands.window.recordings.import_files((good(tmp_path / "long.wav", 60, 1, 1),))
    hands.finish_work()
    hands.window.transport.seek(55 * RATE_HZ)
    while hands.window.session.undo_label:
        hands.press("Ctrl+Z")
        look(hands)
    assert hands.window.transport.playhead_samples == 0
    assert not hands.window.session.state.tracks
