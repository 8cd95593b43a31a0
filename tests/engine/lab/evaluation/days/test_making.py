"""Made days know what is in them: songs are where the truth has them, and a day is the same every time."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.core.errors import UsageError
from engine.core.progress import SILENT
from engine.lab.evaluation.days import material as materials
from engine.lab.evaluation.days.day import SHORT, MadeDay, made_day
from engine.lab.evaluation.days.material import Material, levels_db, material_in, require_fonts
from engine.lab.evaluation.days.performing import CHANNELS, Manner, decayed_s, perform
from engine.lab.evaluation.days.pieces import piece_take, sounding_s
from engine.lab.evaluation.days.planning import Attempt, Filler, Kind, planned
from engine.lab.evaluation.days.playing import Stage, through_font
from engine.lab.evaluation.days.songs import Song, compose
from engine.lab.evaluation.days.styles import STYLES
from tests.engine.lab.evaluation.days.conftest import sines

RATE_HZ = 16_000
STAGE = Stage({}, {})


@pytest.fixture(scope="module")
def material(little_data: Path) -> Material:
    return material_in(little_data, (), is_development=True)


@pytest.fixture(scope="module")
def song() -> Song:
    return compose("a", "rock", np.random.default_rng(3), (15.0, 25.0))


@pytest.fixture(scope="module")
def made(material: Material, tmp_path_factory: pytest.TempPathFactory) -> MadeDay:
    return made_day(tmp_path_factory.mktemp("made"), material, 101, SILENT, size=SHORT, player=sines)


@pytest.mark.parametrize("style", STYLES)
def test_songs_of_every_style_can_be_played(style: str, material: Material) -> None:
    for seed in range(4):
        rng = np.random.default_rng(seed)
        song = compose("a", style, rng, (90.0, 280.0))
        assert 60.0 < song.length_s < 330.0
        played = perform(song, Manner(counts_in=True), material.drums, rng)
        assert 0.9 < (played.release_s - played.start_s) / song.length_s < 1.1
        assert all(0 <= note.pitch < 128 and note.length_s > 0 for note in played.notes)
        assert {note.channel for note in played.notes} <= {*played.programs}


def test_the_truth_of_a_take_is_where_its_sound_is(song: Song, material: Material) -> None:
    played = perform(song, Manner(counts_in=False), material.drums, np.random.default_rng(0))
    sound = sines(played.notes, played.programs, STAGE, Path(), RATE_HZ)
    first = np.flatnonzero(np.abs(sound[:, 0]) > 1e-4)[0] / RATE_HZ
    assert first == pytest.approx(played.start_s, abs=0.005)
    stop_s = decayed_s(sound, RATE_HZ, played.release_s)
    # The sines decay by 30 dB a tenth of a second after their release.
    assert played.release_s - 2.0 < stop_s < played.release_s + 0.15


def test_a_sound_font_begins_and_ends_where_the_truth_has_it(song: Song, material: Material) -> None:
    try:
        fonts = require_fonts()
    except UsageError as error:
        pytest.skip(str(error))
    font = min(fonts, key=lambda path: path.stat().st_size)
    manner = Manner(stops_at_s=6.0)
    played = perform(song, manner, material.drums, np.random.default_rng(0))
    sound = through_font(played.notes, played.programs, STAGE, font, 22_050)
    assert np.abs(sound[: round((played.start_s - 0.01) * 22_050)]).max() < 1e-3
    db = levels_db(sound, 22_050)
    assert db[round(played.start_s / 0.02) :][:15].max() > db.max() - 30.0
    stop_s = decayed_s(sound, 22_050, played.release_s)
    assert db[round(stop_s / 0.02) :].max(initial=-200.0) < db.max() - 20.0
    assert played.release_s <= stop_s + 0.5 <= played.release_s + 4.5


def test_attempts_broken_off_are_shorter_and_other_keys_are_higher(song: Song, material: Material) -> None:
    def played(manner: Manner) -> tuple[float, float]:
        found = perform(song, manner, material.drums, np.random.default_rng(0))
        bass = [note.pitch for note in found.notes if note.channel == CHANNELS["bass"]]
        return found.release_s - found.start_s, float(np.mean(bass))

    plain = Manner(wrong=0.0)
    assert 4.0 < played(replace(plain, stops_at_s=4.0))[0] < 6.0
    assert played(replace(plain, speed=1.08))[0] < played(plain)[0] < played(replace(plain, speed=0.92))[0]
    assert played(replace(plain, semitones=3))[1] - played(plain)[1] == pytest.approx(3.0)


def test_a_piece_is_changed_in_tempo_and_key_and_begins_with_its_sound(material: Material) -> None:
    try:
        sound = piece_take(material.pieces[0], 2, 1.05, RATE_HZ, np.random.default_rng(0))
    except FileNotFoundError:
        pytest.skip("ffmpeg is not installed")
    assert len(sound) / RATE_HZ == pytest.approx(40.0 / 1.05, abs=0.2)
    spectrum = np.abs(np.fft.rfft(sound[RATE_HZ : 2 * RATE_HZ, 0]))
    assert np.argmax(spectrum) == pytest.approx(330.0 * 2 ** (2 / 12), abs=3.0)
    assert levels_db(sound, RATE_HZ)[:5].max() > levels_db(sound, RATE_HZ).max() - 20.0


def test_silence_at_the_ends_of_a_piece_is_not_of_its_take(tmp_path: Path) -> None:
    times_s = np.arange(10 * RATE_HZ) / RATE_HZ
    piece = np.sin(2 * np.pi * 330.0 * times_s) * np.where(times_s < 6.0, 0.3, 0.003) * (times_s > 1.0)
    soundfile.write(tmp_path / "piece.wav", piece, RATE_HZ)
    assert sounding_s(tmp_path / "piece.wav") == pytest.approx(5.0, abs=0.05)


def test_takes_are_where_the_day_is_loud_and_talk_is_outside(made: MadeDay) -> None:
    sound, rate_hz = soundfile.read(made.path, dtype="float32", always_2d=True)
    assert rate_hz == made.rate_hz
    assert len(sound) / rate_hz == pytest.approx(made.length_s, abs=0.01)
    db = levels_db(sound, rate_hz, 0.1)
    for take in made.takes:
        assert take.stop_s > take.start_s
        assert np.median(db[round(take.start_s * 10) : round(take.stop_s * 10)]) > db.max() - 30.0
    assert all(one.stop_s <= other.start_s for one, other in pairwise(made.takes))
    assert all(
        stop <= take.start_s or start >= take.stop_s for start, stop in made.talk for take in made.takes
    )
    assert made.talk


def test_a_day_is_made_once_and_the_same_elsewhere(made: MadeDay, material: Material, tmp_path: Path) -> None:
    time_ns = made.path.stat().st_mtime_ns
    again = made_day(made.path.parent, material, 101, SILENT, size=SHORT, player=sines)
    assert again == made
    assert made.path.stat().st_mtime_ns == time_ns
    other = made_day(tmp_path, material, 101, SILENT, size=SHORT, player=sines)
    assert replace(other, path=made.path) == made
    assert other.path.read_bytes() == made.path.read_bytes()


def test_a_plan_has_the_wanted_length_and_all_that_happens_in_rehearsals() -> None:
    kinds, names, joins = set(), set(), 0
    for seed in range(12):
        items = planned([180.0] * 7, 5, 3_600.0, np.random.default_rng(seed))
        attempts = [one for one in items if isinstance(one, Attempt)]
        assert len({one.song for one in attempts}) >= 5
        kinds |= {one.kind for one in attempts}
        joins += sum(one.joins_next for one in attempts)
        fillers = [one for one in items if isinstance(one, Filler)]
        names |= {one.name for one in fillers}
        assert all(
            isinstance(after, Attempt) for one, after in pairwise(items) if getattr(one, "joins_next", 0)
        )
        shares = {Kind.WHOLE: 180.0, Kind.PART: 27.0}
        music_s = sum(
            shares.get(one.kind, one.stops_at * (180.0 if one.kind is Kind.BROKEN_OFF else 1.0))
            for one in attempts
        )
        pauses_s = sum(one.length_s for one in fillers if not one.is_under)
        assert 3_000.0 < music_s + pauses_s < 4_000.0
    assert kinds == set(Kind)
    assert joins
    assert names == {"talk", "tuning", "noodling", "drumming", "idle", "applause", "pause"}


def test_missing_programs_and_recordings_are_reported(
    little_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="holds no recordings"):
        material_in(tmp_path, (), is_development=False)
    monkeypatch.setattr(materials, "which", lambda name: None if name == "fluidsynth" else name)
    with pytest.raises(UsageError, match="fluidsynth is missing"):
        require_fonts()
    monkeypatch.setattr(materials, "which", str)
    monkeypatch.setattr(materials, "_FONT_FOLDERS", (str(little_data),))
    with pytest.raises(UsageError, match="No sound font"):
        require_fonts()


def test_reported_and_development_days_share_no_voice(little_data: Path) -> None:
    reported = material_in(little_data, (), is_development=False)
    development = material_in(little_data, (), is_development=True)
    assert not set(reported.voices) & set(development.voices)
    assert len(reported.voices) == len(development.voices) == 3
