"""A recording by another clock, played by that of the others: against the ideal, and on the timeline."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from engine.document.state import DocumentState
from engine.exchange.export import ExportRequest, export
from engine.sound.edl.build import build, in_place
from engine.sound.edl.conflicts import conflicts_of, in_conflict
from engine.sound.edl.render import Renderer
from engine.sound.edl.tracks.delay import reclocked
from tests.engine.sound.edl.players import play_json
from tests.engine.sound.edl.recordings import RATE_HZ, Recording, by_hand, recording


def heard(recorded: Recording, state: DocumentState, block: int = 4_096) -> np.ndarray:
    with Renderer(state, build(state), recorded.media) as renderer:
        return np.concatenate(list(renderer.blocks(block)))


@pytest.mark.parametrize("ppm", [23.0, -140.0, 500.0, 2_000.0])
@pytest.mark.parametrize("by", [0.0, 6_592.3, -81.25])
def test_another_clock_is_the_ideal_one_up_to_nearly_half_of_the_rate(ppm: float, by: float) -> None:
    worst = 0.0
    for frequency in (0.01, 0.1, 0.3, 0.4, 0.45):

        def read(start: int, stop: int, frequency: float = frequency) -> np.ndarray:
            return np.sin(2 * np.pi * frequency * np.arange(start, stop))[:, None]

        found = reclocked(read, 40_000, 41_500, by, ppm)
        at = np.arange(40_000, 41_500) * (1 + ppm / 1e6) - by
        worst = max(worst, float(np.abs(found - np.sin(2 * np.pi * frequency * at)[:, None]).max()))
    assert 20 * np.log10(worst) <= -90.0


def test_whole_samples_are_exact_and_blocks_change_nothing() -> None:
    sound = np.random.default_rng(2).standard_normal((30_000, 2))

    def read(start: int, stop: int) -> np.ndarray:
        return np.pad(sound, ((5_000, 5_000), (0, 0)))[start + 5_000 : stop + 5_000]

    np.testing.assert_array_equal(reclocked(read, 300, 900, 250.0, 0.0), sound[50:650])
    assert reclocked(read, 300, 300, 250.0, 40.0).shape == (0, sound.shape[1])
    whole = reclocked(read, 0, 20_000, 17.4, 180.0)
    for size in (1, 37, 5_000):
        stop = min(20_000, 1_000 * size)
        parts = [reclocked(read, at, min(at + size, stop), 17.4, 180.0) for at in range(0, stop, size)]
        np.testing.assert_array_equal(np.concatenate(parts), whole[:stop])


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """A recording, and the same by a clock that counts 200 in a million too many and began 0.05 s later."""
    sound = 0.2 * np.random.default_rng(3).standard_normal(20 * RATE_HZ)
    slower = soxr.resample(sound, 1e6, 1_000_200.0, quality="VHQ")[800:]
    return recording(
        tmp_path_factory.mktemp("pair"), [sound, slower, sound], names=["A.wav", "B.wav", "C.wav"]
    )


def test_a_second_recorder_sounds_as_the_first_to_its_last_sample(pair: Recording) -> None:
    state = replace(pair.state, tracks=pair.state.tracks[:2])
    a, b = (track.id for track in state.tracks)
    lined = by_hand(
        state, "recorder", (0, state.length_samples), {"by_samples": 800.0, "drift_ppm": 200.0}, (b,)
    )
    first = heard(pair, replace(lined, tracks=(state.tracks[0],)))[:, 0]
    with Renderer(lined, in_place(lined), pair.media) as renderer:
        both = renderer.read(0, lined.length_samples)[:, 0]
    second = both - first
    # Noise has all frequencies up to half of the rate; what resampling loses lies above 0.45 of it.
    inner = slice(800 + 200, len(first) - 200)
    assert np.sqrt(np.mean((second - first)[inner] ** 2)) < 0.25 * np.sqrt(np.mean(first**2))
    smooth = np.hanning(9) / np.hanning(9).sum()
    off, own = (np.convolve(one[inner], smooth, "valid") for one in (second - first, first))
    assert 20 * np.log10(np.sqrt(np.mean(off**2) / np.mean(own**2))) < -55.0
    assert np.abs(second[: 800 - 200]).max() < 1e-6
    assert lined.length_samples == state.length_samples
    assert a != b


def test_edits_of_other_tracks_stay_where_they_are(pair: Recording) -> None:
    state = replace(pair.state, tracks=pair.state.tracks[::2])
    a, c = (track.id for track in state.tracks)
    muted = by_hand(state, "mute", (40_000, 60_000), {"crossfade_ms": 0.0}, (a,))
    lined = by_hand(muted, "recorder", (0, state.length_samples), {"by_samples": 300.0}, (c,))
    alone = [replace(one, tracks=(state.tracks[0],)) for one in (muted, lined)]
    np.testing.assert_array_equal(heard(pair, alone[1]), heard(pair, alone[0]))
    moved = heard(pair, replace(lined, tracks=(state.tracks[1],)))
    as_it_was = heard(pair, replace(muted, tracks=(state.tracks[1],)))
    np.testing.assert_array_equal(moved[300:], as_it_was[:-300])
    assert not moved[:300].any()


def test_what_ends_before_the_others_keeps_its_end(tmp_path: Path) -> None:
    """Moved later, it sounds beyond where its recording lay: on screen, in exports and in projects."""
    short = 0.2 * np.random.default_rng(4).standard_normal(RATE_HZ)
    made = recording(tmp_path, [np.zeros(3 * RATE_HZ), short], start_samples=[0, 2_000])
    b = made.state.tracks[1].id
    for by, ppm in ((7_000.0, 0.0), (-1_500.0, 0.0), (7_000.5, 90.0)):
        lined = by_hand(
            made.state, "recorder", (0, made.state.length_samples), {"by_samples": by, "drift_ppm": ppm}, (b,)
        )
        sound = heard(made, lined)[:, 0]
        if not ppm:
            expected = np.zeros(3 * RATE_HZ)
            first = 2_000 + int(by)
            expected[first : first + len(short)] = short
            np.testing.assert_allclose(sound, expected, rtol=0, atol=1e-6)
        else:
            assert np.square(sound).sum() == pytest.approx(np.square(short).sum(), rel=0.02)
        out = tmp_path / f"jam {by} {ppm}.json"
        export(ExportRequest(lined, made.media, out))
        np.testing.assert_allclose(play_json(out, 1)[:, 0], sound, rtol=0, atol=1e-5)


def test_an_edge_that_is_moved_parts_nothing(pair: Recording) -> None:
    b = pair.state.tracks[1].id
    whole = by_hand(pair.state, "recorder", (0, pair.state.length_samples), {"by_samples": 300.0}, (b,))
    part = by_hand(pair.state, "recorder", (9_000, 20_000), {"by_samples": 300.0}, (b,))
    assert build(whole) == build(part)


def test_a_recorder_lined_up_twice_is_a_conflict_and_heard_one_way(pair: Recording) -> None:
    b, span = pair.state.tracks[1].id, (0, pair.state.length_samples)
    once = by_hand(pair.state, "recorder", span, {"by_samples": 300.0}, (b,))
    both = by_hand(once, "recorder", span, {"by_samples": 10.0, "drift_ppm": 20.0}, (b,))
    assert in_conflict(both).all()
    assert all(conflicts_of(both, key) for key in both.proposals)
    other = by_hand(once, "recorder", span, {"by_samples": 10.0}, (pair.state.tracks[0].id,))
    assert not in_conflict(other).any()


def test_export_of_the_mix_is_what_is_heard(pair: Recording, tmp_path: Path) -> None:
    b = pair.state.tracks[1].id
    lined = by_hand(pair.state, "recorder", (0, 900), {"by_samples": 800.25, "drift_ppm": 200.0}, (b,))
    export(ExportRequest(lined, pair.media, tmp_path / "mix.wav"))
    found, _ = soundfile.read(tmp_path / "mix.wav", dtype="float32", always_2d=True)
    np.testing.assert_array_equal(found, heard(pair, lined, 7_001))


@pytest.mark.parametrize("tone", [{}, {"tone_start_samples": 40_000, "tone_stop_samples": 48_000}])
def test_inserts_are_of_no_clock(pair: Recording, tone: dict[str, int]) -> None:
    """Their positions are far beyond any recording, where a drift would reach over thousands of hours."""
    state = replace(pair.state, tracks=pair.state.tracks[1:2])
    (b,) = (track.id for track in state.tracks)
    whole = (0, state.length_samples)
    lined = by_hand(state, "recorder", whole, {"by_samples": 800.0, "drift_ppm": 200.0}, (b,))
    filled = by_hand(
        lined, "insert", (60_000, 60_000), {"length_samples": 8_000, "crossfade_ms": 0.0, **tone}
    )
    before, after = heard(pair, lined), heard(pair, filled)
    np.testing.assert_allclose(after[:60_000], before[:60_000], atol=1e-9)
    np.testing.assert_allclose(after[68_000:], before[60_000:], atol=1e-9)
    assert after[60_000:68_000].any() == bool(tone)
