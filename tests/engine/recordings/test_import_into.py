"""Files imported into a document that has tracks: placed relative to its clips, which stay."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from engine.cli.main import main
from engine.document.document import Document
from engine.document.edits.clips import duplicate_clips, place_clips, remove_clips, take_clips
from engine.document.state import DocumentState
from engine.document.tracks import Clip
from engine.features.placement.known import known_files
from engine.features.placement.plan import propose_places
from engine.recordings.stated.file_head import read_heads
from engine.recordings.stated.placements import Mode, Placement, Reason
from tests.engine.analysis.signal.test_second_recorder import performance
from tests.engine.features.placement.files import NOON, NOW, dated, wav
from tests.engine.features.placement.test_plan import by_other_microphone

RATE_HZ = 8_000
SPLIT = 80 * RATE_HZ + 5
Answer = dict[str, Any]
Verb = Callable[..., Answer]


def after_noon(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


@pytest.fixture(scope="module")
def day() -> NDArray[np.float32]:
    return performance(1, 120.0)


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory, day: NDArray[np.float32]) -> tuple[Path, ...]:
    """A recorder in two exact pieces, and a later one."""
    made = tmp_path_factory.mktemp("rec")
    later = NOON + after_noon(600.0)
    return (
        wav(made / "R_0001.wav", day[:SPLIT], NOON, rate_hz=RATE_HZ),
        wav(made / "R_0002.wav", day[SPLIT:], NOON + after_noon(SPLIT / RATE_HZ), rate_hz=RATE_HZ),
        wav(made / "R_0003.wav", performance(7, 20.0), later, rate_hz=RATE_HZ),
    )


@pytest.fixture(scope="module")
def phone(tmp_path_factory: pytest.TempPathFactory, day: NDArray[np.float32]) -> Path:
    """From 30 s to 60 s of the day, without a time that could help."""
    heard = by_other_microphone(day[30 * RATE_HZ + 9 : 60 * RATE_HZ], 3)
    path = wav(tmp_path_factory.mktemp("phone") / "memo.wav", heard, rate_hz=RATE_HZ)
    return dated(path, NOON - timedelta(days=400))


@pytest.fixture
def verb(capsys: pytest.CaptureFixture[str]) -> Verb:
    def run(*words: object) -> Answer:
        assert main([*map(str, words), "--json"]) == 0, capsys.readouterr().err
        answer: Answer = json.loads(capsys.readouterr().out)
        return answer

    return run


@pytest.fixture
def project(tmp_path: Path, verb: Verb, recorder: tuple[Path, ...]) -> Path:
    """The first file of the recorder, 3 s after the start."""
    path = tmp_path / "day.offcut"
    verb("new", path, recorder[0])
    with Document.open(path) as document:
        state = document.state
        document.apply(place_clips(state, {state.tracks[0].clips[0].id: 3 * RATE_HZ}))
    return path


def clips_of(path: Path) -> list[list[Clip]]:
    with Document.open(path, to_read=True) as document:
        return [list(track.clips) for track in document.state.tracks]


def proposed(
    state: DocumentState, recordings: tuple[Path, ...], mode: Mode = Mode.AUTO
) -> tuple[Placement, ...]:
    media = {key: Path(source.path) for key, source in state.sources.items()}
    known = known_files(state, media)
    return propose_places(read_heads(recordings, now=NOW), mode, rate_hz=RATE_HZ, known=known).files


def test_a_continuation_becomes_a_clip_of_its_track(
    project: Path, verb: Verb, recorder: tuple[Path, ...]
) -> None:
    (place,) = verb("import-audio", project, recorder[1])["places"]
    ((first, second),) = clips_of(project)
    assert (first.start_samples, second.start_samples) == (3 * RATE_HZ, 3 * RATE_HZ + SPLIT)
    assert (place["reason"], place["is_certain"], place["track"]) == ("joins-exactly", True, "R_0001")
    assert main(["tracks", str(project)]) == 0


def test_an_import_is_one_step_of_undo(project: Path, verb: Verb, recorder: tuple[Path, ...]) -> None:
    before = clips_of(project)
    verb("import-audio", project, *recorder[1:])
    with Document.open(project) as document:
        document.undo()
        assert len(document.state.sources) == 1
    assert clips_of(project) == before


def test_a_later_file_of_a_device_is_placed_by_its_stated_time(
    project: Path, verb: Verb, recorder: tuple[Path, ...]
) -> None:
    (place,) = verb("import-audio", project, recorder[2])["places"]
    ((_, later),) = clips_of(project)
    assert later.start_samples == pytest.approx(603 * RATE_HZ, abs=1)
    assert (place["reason"], place["basis"], place["is_certain"]) == ("same-clock", "time reference", True)


def test_sound_places_a_phone_relative_to_a_moved_clip(project: Path, verb: Verb, phone: Path) -> None:
    (place,) = verb("import-audio", project, phone)["places"]
    (first,), (second,) = clips_of(project)
    assert first.start_samples == 3 * RATE_HZ
    assert second.start_samples == pytest.approx(33 * RATE_HZ + 9, abs=1)
    assert (place["reason"], place["is_certain"]) == ("same-sound", True)


def test_the_part_before_the_timeline_is_left_out_and_reported(
    tmp_path: Path, verb: Verb, phone: Path, day: NDArray[np.float32]
) -> None:
    path, camera = tmp_path / "late.offcut", wav(tmp_path / "cam.wav", day[40 * RATE_HZ :], rate_hz=RATE_HZ)
    verb("new", path, camera)
    (place,) = verb("import-audio", path, phone)["places"]
    _, (clip,) = clips_of(path)
    assert (clip.start_samples, clip.stop_samples) == (0, 20 * RATE_HZ)
    assert clip.offset_samples == pytest.approx(10 * RATE_HZ - 9, abs=1)
    assert "before-timeline" in place["contradictions"]
    assert not place["is_certain"]


def test_a_short_file_of_which_nothing_is_known_begins_at_the_start_as_before(
    project: Path, verb: Verb, tmp_path: Path
) -> None:
    loop = wav(tmp_path / "loop.wav", performance(4, 6.0), rate_hz=RATE_HZ)
    assert verb("import-audio", project, loop)["places"] == []
    assert [[clip.start_samples for clip in clips] for clips in clips_of(project)] == [[3 * RATE_HZ], [0]]


@pytest.mark.parametrize("mode", ["zero", "after"])
def test_files_can_be_put_at_the_start_or_after_the_others(
    project: Path, verb: Verb, phone: Path, mode: str
) -> None:
    verb("import-audio", project, phone, "--place", mode)
    _, (added,) = clips_of(project)
    assert added.start_samples == (0 if mode == "zero" else 3 * RATE_HZ + SPLIT)


def test_a_recording_at_several_places_makes_others_uncertain(
    project: Path, phone: Path, recorder: tuple[Path, ...]
) -> None:
    with Document.open(project) as document:
        clip = document.state.tracks[0].clips[0]
        document.apply(duplicate_clips(document.state, [clip.id], 200 * RATE_HZ))
        by_sound, by_join = (proposed(document.state, (one,))[0] for one in (phone, recorder[1]))
    assert {by_sound.is_certain, by_join.is_certain} == {False}
    assert by_sound.start_samples == pytest.approx(33 * RATE_HZ + 9, abs=1)


def test_a_full_place_on_the_track_gives_a_track_of_its_own(
    project: Path, verb: Verb, phone: Path, recorder: tuple[Path, ...]
) -> None:
    verb("import-audio", project, phone, "--place", "zero")
    with Document.open(project) as document:
        state = document.state
        document.apply(take_clips(state, [state.tracks[1].clips[0].id], state.tracks[0].id, 90 * RATE_HZ))
    verb("import-audio", project, recorder[1])
    assert [len(clips) for clips in clips_of(project)] == [2, 1]


def test_a_file_follows_the_clock_of_its_track(tmp_path: Path, verb: Verb) -> None:
    whole = performance(5, 150.0)
    drifting = soxr.resample(by_other_microphone(whole, 6), 1e6, 1e6 + 120).astype(np.float32)
    split = 90 * RATE_HZ
    first = wav(tmp_path / "cam/C_0001.wav", drifting[:split], NOON, rate_hz=RATE_HZ)
    second = wav(tmp_path / "cam/C_0002.wav", drifting[split:], NOON + after_noon(90), rate_hz=RATE_HZ)
    path = tmp_path / "clocks.offcut"
    long = wav(tmp_path / "zoom.wav", whole, rate_hz=RATE_HZ)
    verb("new", path, long, first, "--place", "auto")
    verb("import-audio", path, second)
    with Document.open(path, to_read=True) as document:
        (recorder,) = document.state.proposals.values()
        _, track = document.state.tracks
    assert recorder.payload["drift_ppm"] == pytest.approx(120.0, abs=3.0)
    assert [clip.start_samples for clip in track.clips] == [0, pytest.approx(split, abs=1)]


def test_a_new_track_never_takes_the_place_of_one_that_began_with_its_file(
    project: Path, verb: Verb, phone: Path, recorder: tuple[Path, ...]
) -> None:
    verb("import-audio", project, phone, "--place", "zero")
    with Document.open(project) as document:
        state = document.state
        (first,), (other,) = (track.clips for track in state.tracks)
        document.apply(take_clips(state, [other.id], state.tracks[0].id))
        document.apply(remove_clips(document.state, [first.id]))
    verb("import-audio", project, recorder[0], "--place", "zero")
    assert [[clip.source_id for clip in clips] for clips in clips_of(project)] == [
        [other.source_id],
        [first.source_id],
    ]


def test_missing_files_place_nothing_and_their_clips_stay(project: Path, recorder: tuple[Path, ...]) -> None:
    with Document.open(project, to_read=True) as document:
        known = known_files(document.state, {})
    assert (known.files, len(known.clips), len(known.tracks)) == ((), 1, 1)
    found = propose_places(read_heads(recorder[1:], now=NOW), Mode.TIME, rate_hz=RATE_HZ, known=known)
    assert found.files[0].reason is Reason.ORIGIN
    assert [track.track_id != "" for track in found.tracks] == [True, False]
