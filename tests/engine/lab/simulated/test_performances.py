"""What is said of a performance that was made is what can be heard of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import mido
import numpy as np
import pytest

from engine.core.errors import UsageError
from engine.document.analysis import ORNAMENTS, Ornament
from engine.lab.simulated.performances.displacement import Displaced, Displacement, displaced
from engine.lab.simulated.performances.grooves import Groove, GrooveFile, read_groove
from engine.lab.simulated.performances.hydrogen import found_kits, read_hydrogen
from engine.lab.simulated.performances.kits import RATE_HZ, rise_of
from engine.lab.simulated.performances.muldjord import NAME as MULDJORD
from engine.lab.simulated.performances.muldjord import read_muldjord
from engine.lab.simulated.performances.parts import drummers_of, grooves_of, kits_of, performances, takes
from engine.lab.simulated.performances.pieces import Piece
from engine.lab.simulated.performances.scores import Score, score_of
from engine.lab.simulated.performances.stage import CLOSE, stage_of
from engine.lab.simulated.performances.stored import read_performance, write_performance
from engine.lab.simulated.performances.symbolic import TYPICAL_ERRORS, FinderErrors, told
from engine.lab.simulated.performances.takes import take_of

_BEAT_S = 0.5
_MICROPHONES = {piece: number for number, piece in enumerate(Piece)}


def _groove(notes: list[tuple[float, Piece, float]], beat_unit: int = 4) -> Groove:
    file = GrooveFile(Path("s/made.mid"), "drummer1", "made", 4, beat_unit, 20.0, True)
    times_s, pieces, velocities = zip(*sorted(notes), strict=True)
    return Groove(file, _BEAT_S, np.array(times_s), pieces, np.array(velocities, np.float32))


def _beat(bars: int = 8) -> Score:
    """Return kick and snare in turn under sixteenths of the hi-hat."""
    notes = [(line * _BEAT_S / 4, Piece.HAT, 0.6) for line in range(16 * bars)]
    notes += [(beat * _BEAT_S, (Piece.KICK, Piece.SNARE)[beat % 2], 0.9) for beat in range(4 * bars)]
    return score_of(_groove(notes), _MICROPHONES)


def _played(by: Displacement, seed: int = 0, score: Score | None = None) -> tuple[Score, Displaced]:
    score = _beat() if score is None else score
    microphones = np.array([_MICROPHONES[piece] for piece in score.pieces])
    return score, displaced(score, by, microphones, np.random.default_rng(seed))


def test_a_seed_says_all_of_a_performance(data_dir: Path) -> None:
    first, second = (next(performances(data_dir, "test", 1, seed=3, longest_s=6.0)) for _ in range(2))
    other = next(performances(data_dir, "test", 1, seed=4, longest_s=6.0))
    assert first.name == second.name
    for name, sound in first.microphones.items():
        np.testing.assert_array_equal(sound, second.microphones[name])
    np.testing.assert_array_equal(first.truth.onsets_samples, second.truth.onsets_samples)
    assert not np.array_equal(first.truth.onsets_samples, other.truth.onsets_samples)


def test_onsets_are_where_the_close_microphones_rise(data_dir: Path) -> None:
    """Each piece is hit alone, so that nothing else is in its microphone."""
    notes = [(number * 4 * _BEAT_S, piece, 0.99) for number, piece in enumerate(Piece)]
    kit = read_muldjord(data_dir)
    score = score_of(_groove(notes), kit.close)
    microphones = np.array([kit.close[piece] for piece in score.pieces])
    by = Displacement(jitter_ms=15.0)
    played = displaced(score, by, microphones, np.random.default_rng(0))
    made = replace(take_of(kit, played, 0.5, 1), noise_db=-120.0).rendered()
    assert len(made.truth.onsets_samples) == len(Piece)
    channels = list(made.microphones.values())
    for at, microphone in zip(made.truth.onsets_samples.astype(int), made.truth.microphones, strict=True):
        heard = channels[microphone][at - 2_000 : at + 8_000]
        assert abs(rise_of(heard) - 2_000) <= 2


@pytest.mark.skipif(not found_kits(), reason="no kits of Hydrogen are installed")
def test_kits_of_one_shots_have_what_a_kit_needs() -> None:
    kit = read_hydrogen(found_kits()[-1])
    shot = kit.read(Piece.SNARE, kit.layers[Piece.SNARE] - 1)
    assert shot.sound.shape[0] == len(kit.roles)
    assert rise_of(shot.sound[kit.close[Piece.SNARE]]) == shot.rise_samples
    assert all(kit.standing_in(piece) in kit.layers for piece in Piece)


def test_bleed_is_as_late_as_the_stage_says() -> None:
    stage = stage_of("a kit")
    click = np.zeros(4_000, np.float32)
    click[100] = 1.0
    for piece in (Piece.KICK, Piece.SNARE, Piece.CRASH_LEFT):
        shot = stage.heard(piece, click)
        first = np.array([np.flatnonzero(np.abs(channel) > 1e-5)[0] for channel in shot.sound])
        np.testing.assert_array_equal(first - shot.rise_samples, stage.delays_samples(piece))
        assert np.argmax(np.abs(shot.sound).max(axis=1)) == CLOSE[piece]


def test_overheads_and_rooms_hear_drums_later() -> None:
    late_ms = stage_of("a kit").delays_samples(Piece.SNARE) / RATE_HZ * 1000
    assert np.all((late_ms[6:8] > 2.0) & (late_ms[6:8] < 5.0))
    assert np.all((late_ms[8:] > 7.0) & (late_ms[8:] < 12.0))


def test_undisplaced_hits_are_on_the_lines() -> None:
    score, played = _played(Displacement())
    np.testing.assert_array_equal(played.times_s, score.targets_s)
    np.testing.assert_allclose(score.targets_s / score.line_s, np.rint(score.targets_s / score.line_s))
    assert score.divisions == 4


def test_hits_are_off_by_what_was_asked() -> None:
    _, played = _played(Displacement(jitter_ms=8.0), score=_beat(64))
    score = played.score
    late_s = played.times_s - score.targets_s
    lines, first = np.unique(score.lines, return_index=True)
    np.testing.assert_allclose(late_s, late_s[first][np.searchsorted(lines, score.lines)], atol=1e-12)
    assert np.std(late_s[first]) == pytest.approx(0.008, rel=0.1)


def test_one_voice_is_always_late() -> None:
    _, played = _played(Displacement(pull_ms=20.0))
    late_s = played.times_s - played.score.targets_s
    late = {played.score.pieces[row] for row in np.flatnonzero(late_s > 0.01)}
    assert len(late) == 1
    np.testing.assert_allclose(late_s[[piece in late for piece in played.score.pieces]], 0.02)


def test_strokes_past_half_a_division_are_nearer_to_another_line_and_stay_in_order() -> None:
    score, played = _played(Displacement(past_half=0.2))
    off = (played.times_s - played.score.targets_s) / score.line_s
    is_past = np.abs(off) > 1e-9
    assert np.mean(is_past) == pytest.approx(0.2, abs=0.12)
    assert np.all(np.abs(off[is_past & (np.abs(off) > 0.41)]) < 0.81)
    assert np.count_nonzero(np.abs(off) > 0.5) > 5
    assert np.all(np.diff(played.score.lines) >= 0)


def test_a_faulty_flam_is_one_late_or_early_voice() -> None:
    score, played = _played(Displacement(faulty_flams=0.5))
    is_late = played.ornaments == ORNAMENTS.index(Ornament.LATE_VOICE)
    off_s = np.abs(played.times_s - played.score.targets_s)
    assert np.all((off_s[is_late] >= 0.012) & (off_s[is_late] <= 0.06))
    assert np.all(off_s[~is_late] == 0.0)
    lines, counts = np.unique(score.lines, return_counts=True)
    assert np.count_nonzero(is_late) == pytest.approx(0.5 * np.count_nonzero(counts > 1), abs=6)
    assert set(played.score.lines[is_late]) <= set(lines[counts > 1])


def test_grace_notes_keep_their_lead_and_belong_to_their_stroke(data_dir: Path) -> None:
    by = Displacement(jitter_ms=10.0, flams=0.5, drags=0.3)
    _, played = _played(by)
    graces = np.flatnonzero(played.score.leads_s > 0)
    assert set(played.ornaments[graces]) == {ORNAMENTS.index(Ornament.FLAM), ORNAMENTS.index(Ornament.DRAG)}
    for row in graces:
        beside = (played.score.lines == played.score.lines[row]) & (played.score.leads_s == 0)
        lead_s = played.times_s[beside][0] - played.times_s[row]
        assert lead_s == pytest.approx(played.score.leads_s[row])
        assert 0.012 <= lead_s <= 0.07
    truth = next(takes(data_dir, "test", 1, displacement=by, longest_s=8.0)).truth()
    assert np.all(truth.onsets_samples[truth.ornaments == ORNAMENTS.index(Ornament.FLAM)] > 0)


def test_what_is_missing_and_what_is_too_much_is_said(data_dir: Path) -> None:
    by = Displacement(missing=0.2, doubles=0.1)
    score, played = _played(by)
    kit = read_muldjord(data_dir)
    truth = take_of(kit, played, 1.0, 0).truth()
    extra = np.isnan(truth.targets_samples)
    assert len(played.missing_s) + np.count_nonzero(~extra) == len(score.lines)
    assert np.count_nonzero(extra) > 3
    assert set(played.missing_s) <= set(score.targets_s)
    counts = np.bincount(truth.strokes)
    assert np.all(counts[truth.strokes[extra]] == 1)
    assert np.all(np.diff(truth.onsets_samples) >= 0)
    assert np.all(np.diff(np.unique(truth.strokes, return_index=True)[1]) > 0)


def test_as_played_is_what_the_drummer_played(data_dir: Path) -> None:
    groove = read_groove(grooves_of(data_dir, "test")[0])
    score = score_of(groove, _MICROPHONES)
    _, played = _played(Displacement(own_timing=1.0), score=score)
    off_s = played.times_s - score.played_s
    assert np.median(np.abs(off_s)) < 1e-9
    _, exaggerated = _played(Displacement(own_timing=3.0), score=score)
    late_s = played.times_s - played.score.targets_s
    thrice_s = exaggerated.times_s - exaggerated.score.targets_s
    assert np.std(thrice_s) > 2.0 * np.std(late_s)
    assert set(np.round(score.played_s, 9)) <= set(np.round(groove.times_s, 9))


def test_a_faultless_take_has_the_same_sounds_on_their_targets(data_dir: Path) -> None:
    by = Displacement(jitter_ms=20.0, voice_jitter_ms=3.0, faulty_flams=0.2, doubles=0.1)
    take = next(takes(data_dir, "test", 1, displacement=by, longest_s=8.0))
    faultless = take.faultless()
    truth = faultless.truth()
    assert np.all(np.abs(truth.onsets_samples - truth.targets_samples) <= 0.5 + 1e-6)
    kept = ~take.played.is_extra
    sounds = [shot for shot, keeps in zip(take.shots, kept, strict=True) if keeps]
    assert sorted(map(str, sounds)) == sorted(map(str, faultless.shots))


@pytest.mark.parametrize(("notes_a_beat", "divisions"), [(4, 4), (3, 3)], ids=["sixteenths", "triplets"])
def test_the_division_is_told_from_the_notes(notes_a_beat: int, divisions: int) -> None:
    rng = np.random.default_rng(0)
    at_s = np.arange(64) * _BEAT_S / notes_a_beat + rng.normal(-0.01, 0.006, 64)
    score = score_of(_groove([(max(0.0, time_s), Piece.HAT, 0.7) for time_s in at_s]), _MICROPHONES)
    assert score.divisions == divisions
    np.testing.assert_array_equal(score.lines, np.arange(64))


def test_flams_and_ghosts_are_told_from_the_notes() -> None:
    notes = [(beat * _BEAT_S, Piece.SNARE, 0.9) for beat in range(16)]
    notes += [(4 * _BEAT_S - 0.025, Piece.SNARE, 0.4), (5.5 * _BEAT_S, Piece.SNARE, 0.2)]
    score = score_of(_groove(notes), _MICROPHONES)
    graces = score.ornaments == ORNAMENTS.index(Ornament.FLAM)
    assert score.leads_s[graces] == pytest.approx([0.025])
    assert score.lines[graces] == [16]
    assert score.lines[score.ornaments == ORNAMENTS.index(Ornament.GHOST)] == [22]


def test_no_drummer_and_no_kit_is_in_two_parts() -> None:
    parts = ("train", "validation", "test")
    drummers = [name for part in parts for name in drummers_of(part)]
    assert len(set(drummers)) == len(drummers) == 10
    kits = [name for part in parts for name in kits_of(part)]
    assert len(set(kits)) == len(kits) or set(kits) == {MULDJORD}
    assert MULDJORD in kits_of("test")


def test_what_is_an_example_is_not_learned_from(data_dir: Path) -> None:
    names = {file.example_name for file in grooves_of(data_dir, "train")}
    assert not names & {
        folder.name.removeprefix("example_") for folder in data_dir.glob("multimic/example_*")
    }


def test_a_part_without_recordings_says_so(data_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="drummer6"):
        grooves_of(data_dir, "validation")
    with pytest.raises(UsageError, match=r"info\.csv"):
        grooves_of(tmp_path, "train")
    (tmp_path / "broken.mid").write_bytes(b"MThd\x00")
    broken = GrooveFile(tmp_path / "broken.mid", "drummer1", "", 4, 4, 20.0, True)
    with pytest.raises(UsageError, match=r"broken\.mid"):
        read_groove(broken)


def test_a_file_of_midi_is_read(tmp_path: Path) -> None:
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=600_000)])
    track += [mido.Message("note_on", note=36, velocity=127, time=480), mido.Message("note_on", note=99)]
    file = mido.MidiFile(ticks_per_beat=480)
    file.tracks.append(track)
    file.save(tmp_path / "made.mid")
    groove = read_groove(GrooveFile(tmp_path / "made.mid", "drummer1", "", 6, 8, 20.0, True))
    assert groove.beat_s == pytest.approx(0.3)
    assert groove.times_s == pytest.approx([0.6])
    assert groove.pieces == (Piece.KICK,)


def test_a_stored_performance_comes_back(data_dir: Path, tmp_path: Path) -> None:
    shipped = read_performance(next((data_dir / "drums").iterdir()))
    write_performance(tmp_path / "copy", shipped)
    again = read_performance(tmp_path / "copy")
    assert again.roles == shipped.roles
    for name, sound in shipped.microphones.items():
        np.testing.assert_array_equal(sound, again.microphones[name])
    for field in (
        "onsets_samples",
        "targets_samples",
        "microphones",
        "ornaments",
        "strokes",
        "missing_samples",
    ):
        np.testing.assert_array_equal(getattr(shipped.truth, field), getattr(again.truth, field))
    np.testing.assert_array_equal(shipped.grid.beats_samples, again.grid.beats_samples)
    with pytest.raises(UsageError, match="nowhere"):
        read_performance(tmp_path / "nowhere")


def test_the_mix_is_no_louder_than_full_scale(data_dir: Path) -> None:
    shipped = read_performance(next((data_dir / "drums").iterdir()))
    loud = replace(shipped, microphones={name: 20 * one for name, one in shipped.microphones.items()})
    assert np.abs(loud.mix()).max() == pytest.approx(0.9)
    np.testing.assert_allclose(shipped.mix(), sum(shipped.microphones.values()), atol=1e-7)


def test_an_ideal_finder_tells_the_truth_and_another_errs(data_dir: Path) -> None:
    take = next(takes(data_dir, "test", 1, seed=5, longest_s=30.0))
    ideal = told(take, FinderErrors(), np.random.default_rng(5))
    np.testing.assert_array_equal(ideal.hits.onsets_samples, ideal.truth.onsets_samples)
    np.testing.assert_array_equal(ideal.hits.strokes, ideal.truth.strokes)
    np.testing.assert_array_equal(ideal.rows, np.arange(len(ideal.rows)))
    errs = told(take, TYPICAL_ERRORS, np.random.default_rng(5))
    found = errs.rows >= 0
    off_ms = (errs.hits.onsets_samples - errs.truth.onsets_samples[errs.rows])[found] / RATE_HZ * 1000
    assert np.std(off_ms) == pytest.approx(TYPICAL_ERRORS.timing_ms, rel=0.3)
    assert np.all(np.diff(errs.hits.onsets_samples) >= 0)
    assert np.all(np.diff(errs.hits.strokes) >= 0)
    plain = ~np.isnan(ideal.truth.targets_samples) & ~np.isin(
        ideal.truth.ornaments, [ORNAMENTS.index(Ornament.FLAM), ORNAMENTS.index(Ornament.DRAG)]
    )
    off = np.abs(ideal.truth.targets_samples[plain, None] - ideal.lines.positions_samples[None, :]).min(
        axis=1
    )
    assert off.max() < 1.0
