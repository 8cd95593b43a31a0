"""Edits that overlap, lead nowhere or are too many: a sentence, or what anybody would expect to hear."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.cli.main import main
from engine.core.errors import UsageError
from engine.document.document import Document
from engine.document.edits.by_hand import edit_by_hand
from engine.document.edits.tracks import add_tracks, remove_track
from engine.document.limits import MOST_PIECES
from engine.document.state import DocumentState
from engine.exchange.export import ExportRequest, export
from engine.sound.edl.build import build
from engine.sound.edl.conflicts import conflicts_of
from tests.engine.sound.edl.heard.test_every_kind import Made, edited, heard
from tests.engine.sound.edl.players import play_json, play_otio
from tests.engine.sound.edl.recordings import RATE_HZ, Recording, recording, timeline_state
from tests.sources import each_alone

LENGTH = 2 * RATE_HZ


def spans_of(state: DocumentState) -> list[tuple[int, int]]:
    return [(one.start_samples, one.stop_samples) for one in build(state).segments]


def moved(start: int, stop: int, to: int) -> Made:
    return Made("move", (start, stop), {"to_samples": to, "crossfade_ms": 0.0})


def repeated(start: int, stop: int, times: int) -> Made:
    return Made("repeat", (start, stop), {"times": times, "crossfade_ms": 0.0})


ARRANGED: dict[str, tuple[list[Made], list[tuple[int, int]], bool]] = {
    "two moves of overlapping spans": (
        [moved(1_000, 3_000, 9_000), moved(2_000, 4_000, 12_000)],
        [(0, 1_000), (4_000, 9_000), (1_000, 3_000), (9_000, 12_000), (2_000, 4_000), (12_000, LENGTH)],
        True,
    ),
    "a repeat inside what is moved": (
        [moved(1_000, 4_000, 9_000), repeated(2_000, 3_000, 3)],
        [(0, 1_000), (2_000, 3_000), (2_000, 3_000), (4_000, 9_000), (1_000, 4_000), (9_000, LENGTH)],
        True,
    ),
    "two spans that change places": (
        [moved(0, 8_000, LENGTH), moved(8_000, LENGTH, 0)],
        [(8_000, LENGTH), (0, 8_000)],
        False,
    ),
    "a span repeated in two numbers": (
        [repeated(1_000, 3_000, 2), repeated(1_000, 3_000, 3)],
        [(0, 3_000), (1_000, 3_000), (1_000, 3_000), (1_000, LENGTH)],
        True,
    ),
    "the same repeat twice": (
        [repeated(1_000, 3_000, 2), repeated(1_000, 3_000, 2)],
        [(0, 3_000), (1_000, LENGTH)],
        False,
    ),
    "a repeat of what is repeated": (
        [repeated(0, LENGTH, 2), repeated(0, 8_000, 2)],
        [(0, 8_000), (0, LENGTH), (0, LENGTH)],
        False,
    ),
}


@pytest.mark.parametrize("what", ARRANGED)
def test_arrangements_that_overlap_do_what_they_can_and_say_so(what: str) -> None:
    made, expected, clash = ARRANGED[what]
    state = edited(timeline_state(LENGTH), made)
    assert spans_of(state) == expected
    assert spans_of(edited(timeline_state(LENGTH), made[::-1])) == expected
    assert any(conflicts_of(state, key) for key in state.proposals) is clash


def test_a_thousand_repeats_are_heard_and_exported(tmp_path: Path) -> None:
    recorded = recording(tmp_path, [np.linspace(-0.5, 0.5, LENGTH)])
    state = edited(
        recorded.state, [repeated(1_000, 1_400, 1_000), Made("gain", (0, 4_000), {"gain_db": -6.0})]
    )
    sound = heard(recorded, state)
    assert len(sound) == LENGTH + 999 * 400
    np.testing.assert_array_equal(
        sound[1_000 : 1_000 + 400_000].reshape(1_000, 400, 1)[1:-1],
        sound[1_400:1_800][np.newaxis].repeat(998, 0),
    )
    for suffix in (".otio", ".json"):
        request = ExportRequest(state, recorded.media, tmp_path / f"jam{suffix}", overwrite=True)
        export(request)
    assert request.consolidated["t0"].source.frames < LENGTH, "one repeat is all that is written"
    both = np.repeat(sound, 2, axis=1)
    np.testing.assert_allclose(play_otio(tmp_path / "jam.otio", 2, len(sound)), both, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("start", "lost"), [(1_000, "1 part "), (1_040, "2 parts ")])
@pytest.mark.parametrize("suffix", [".otio", ".edl", ".xml"])
def test_parts_that_are_too_short_for_a_frame_are_counted(
    tmp_path: Path, suffix: str, start: int, lost: str
) -> None:
    recorded = recording(tmp_path, [np.linspace(-0.5, 0.5, LENGTH)])
    state = edited(recorded.state, [repeated(start, start + 80, 4)])
    exported = export(ExportRequest(state, recorded.media, tmp_path / f"jam{suffix}"))
    # The two in the middle lie from frame 3.375 to 3.625 and on to 3.875: the second rounds to nothing. From
    # frame 3.5 to 3.75 and on to 4, both do.
    assert lost in exported.sentence


REFUSED: dict[str, tuple[Made, str]] = {
    "to past the end": (
        moved(1_000, 2_000, 2 * LENGTH),
        r"To move it to 0:04\.000 leads past the recording, which ends at 0:02\.000",
    ),
    "by more than there is": (
        Made("slip", (1_000, 2_000), {"by_samples": -float(LENGTH)}),
        r"leads past the recording, which lasts 0:02\.000",
    ),
    "a tone from nowhere": (
        Made("mute", (1_000, 2_000), {"tone_start_samples": 15_000, "tone_stop_samples": LENGTH + 1}),
        r"no room tone at 0:01\.875: the recording ends at 0:02\.000",
    ),
    "longer than a document": (
        repeated(0, 2**35, 100),
        r"so often would last longer than a document can",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_leads_nowhere_is_refused_in_a_sentence(what: str) -> None:
    made, words = REFUSED[what]
    state = timeline_state(2**35 if made.span[1] > LENGTH else LENGTH)
    with pytest.raises(UsageError, match=words) as refusal:
        edit_by_hand(state, made.kind, *made.span, made.payload)
    assert str(refusal.value).endswith(".")


def test_repeats_that_are_too_many_together_are_refused_before_they_are_made() -> None:
    state = timeline_state(200 * RATE_HZ)
    most = [repeated(10 * number, 10 * number + 10, 10_000) for number in range(MOST_PIECES // 10_000)]
    state = edited(state, most)
    assert len(build(state).starts_samples) > MOST_PIECES // 2
    with pytest.raises(UsageError, match=r"more than 1,000,000 pieces .* undo some of them"):
        edit_by_hand(state, "repeat", 90_000, 90_010, {"times": 10_000})
    edit_by_hand(state, "gain", 90_000, 90_010, {"gain_db": 3.0})
    edit_by_hand(replace(state, decisions={}), "repeat", 90_000, 90_010, {"times": 10_000})


@pytest.fixture
def unlike(tmp_path: Path) -> Recording:
    """A track of two seconds, and one of half a second that begins after one."""
    (tmp_path / "in").mkdir()
    rng = np.random.default_rng(8)
    sounds = [0.2 * rng.standard_normal(LENGTH), 0.2 * rng.standard_normal(LENGTH // 4)]
    return recording(tmp_path / "in", sounds, start_samples=[0, RATE_HZ])


def alone(recorded: Recording, state: DocumentState, number: int) -> np.ndarray:
    return heard(recorded, replace(state, tracks=(state.tracks[number],)))


def test_a_slip_past_the_end_of_a_track_leaves_silence_there(unlike: Recording, tmp_path: Path) -> None:
    stop = RATE_HZ + LENGTH // 4
    slip = Made("slip", (RATE_HZ, stop), {"by_samples": LENGTH / 2, "crossfade_ms": 0.0}, (1,))
    state = edited(unlike.state, [slip])
    both, first = heard(unlike, state), alone(unlike, unlike.state, 0)
    np.testing.assert_array_equal(both, first)  # nothing is left of the other
    export(ExportRequest(state, unlike.media, tmp_path / "jam.json"))
    np.testing.assert_allclose(play_json(tmp_path / "jam.json", 1), both, rtol=0, atol=1e-6)


def test_an_edit_where_a_track_has_no_sound_changes_and_writes_nothing(
    unlike: Recording, tmp_path: Path
) -> None:
    slip = Made("slip", (0, 4_000), {"by_samples": 10.5}, (1,))
    state = edited(unlike.state, [slip])
    np.testing.assert_array_equal(heard(unlike, state), heard(unlike, unlike.state))
    done = export(ExportRequest(state, unlike.media, tmp_path / "jam.otio"))
    assert [path.name for path in tmp_path.glob("jam*")] == ["jam.otio"]
    assert "play" not in done.sentence


def test_an_edit_of_a_track_that_went_and_came_back_is_exported_again(
    unlike: Recording, tmp_path: Path
) -> None:
    with Document.create(tmp_path / "jam.offcut") as document:
        document.apply(
            add_tracks(document.state, each_alone(list(unlike.state.sources.values()), ["Long", "Short"]))
        )
        short = document.state.tracks[1].id
        document.apply(edit_by_hand(document.state, "gain", 0, 2_000, {"gain_db": -6.0}, [short])[0])
        before = heard(unlike, document.state)
        document.apply(remove_track(document.state, short))
        export(ExportRequest(document.state, unlike.media, tmp_path / "without.otio"))
        assert not list(tmp_path.glob("without edited*"))
        document.undo()
        np.testing.assert_array_equal(heard(unlike, document.state), before)
        export(ExportRequest(document.state, unlike.media, tmp_path / "with.otio"))
        assert [path.name for path in tmp_path.glob("with edited*")] == ["with edited 02 Short.wav"]


VERSION_3 = Path(__file__).parents[2] / "document" / "version-3.offcut"


def test_a_document_of_version_3_is_edited_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "old.offcut"
    shutil.copyfile(VERSION_3, path)
    with Document.open(path) as document:
        before, length = build(document.state), document.state.length_samples
        for kind, payload in (
            ("slip", {"by_samples": 0.5}),
            ("repeat", {"times": 2}),
            ("gain", {"gain_db": 3.0}),
        ):
            document.apply(edit_by_hand(document.state, kind, length // 2, length // 2 + 400, payload)[0])
        assert build(document.state).patches.keys() == {track.id for track in document.state.tracks}
        for _ in range(3):
            document.undo()
        assert build(document.state) == before
        document.redo()
    with Document.open(path) as document:
        assert build(document.state).plays_as(before)
        assert build(document.state) != before


def test_a_document_of_a_newer_version_is_not_edited(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "new.offcut"
    shutil.copyfile(VERSION_3, path)
    Document.open(path).close()  # brought up to date
    with closing(sqlite3.connect(path)) as raw:
        (version,) = raw.execute("PRAGMA user_version").fetchone()
        raw.execute(f"PRAGMA user_version = {version + 1}")
        raw.commit()
    before = path.read_bytes()
    assert main(["edit", str(path), "gain", "--start-s", "0", "--stop-s", "0.1", "--db", "3"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "made by a newer Offcut: update Offcut; nothing was changed" in said
    assert path.read_bytes() == before
