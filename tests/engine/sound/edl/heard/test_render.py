"""The streaming renderer against a plain one, and against the sources themselves."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.core.errors import SourceError
from engine.document.tracks import audible
from engine.sound.edl.build import build, whole
from engine.sound.edl.edit_list import EditList
from engine.sound.edl.render import Renderer, mix_channels, render
from tests.engine.sound.edl.recordings import RATE_HZ, Recording, recording, with_cuts

LENGTH = 12_000
CUTS = ((0, 700), (2000, 2600), (2700, 4000), (6000, 6050), (9000, 12_500))


def slow_render(recorded: Recording, edit_list: EditList) -> np.ndarray:
    """Render whole arrays in memory: every segment of every track times its envelope, added up."""
    state = recorded.state
    panned = 2 if any(track.pan for track in state.tracks) else 1
    channels = max(panned, *(source.channels for source in state.sources.values()))
    result = np.zeros((edit_list.length_samples, channels))
    segments = edit_list.segments
    for track in audible(state.tracks):
        samples, _ = soundfile.read(recorded.media[track.clips[0].source_id], dtype="float64", always_2d=True)
        timeline = np.zeros((edit_list.source_length_samples, samples.shape[1]))
        timeline[track.start_samples : track.start_samples + len(samples)] = samples
        pieces = [timeline[s.start_samples : s.stop_samples] for s in segments]
        envelopes = [np.ones((len(piece), 1)) for piece in pieces]
        for index in range(len(segments) + 1):
            n = segments[index].fade_in_samples if index < len(segments) else segments[-1].fade_out_samples
            left = pieces[index - 1][len(pieces[index - 1]) - n :] if index else np.zeros((n, 1))
            right = pieces[index][:n] if index < len(segments) else np.zeros((n, 1))
            power = np.sqrt((left**2).sum() * (right**2).sum())
            alike = power > 0 and (left * right).sum() / power >= np.sqrt(2) - 1
            rising = (np.arange(n) + 0.5)[:, np.newaxis] / max(n, 1)
            rising = rising if alike else np.sin(rising * np.pi / 2)
            if index < len(segments):
                envelopes[index][:n] *= rising
            if index:
                envelopes[index - 1][len(pieces[index - 1]) - n :] *= rising[::-1]
        gain = 10 ** (track.gain_db / 20)
        for segment, piece, envelope in zip(segments, pieces, envelopes, strict=True):
            span = slice(segment.result_start_samples, segment.result_stop_samples)
            heard = piece * envelope * gain
            if heard.shape[1] == 1:
                heard = np.repeat(heard, channels, axis=1)
            if channels > 1:
                heard[:, 0] *= 1 - max(track.pan, 0)
                heard[:, 1] *= 1 + min(track.pan, 0)
            result[span, : heard.shape[1]] += heard
    return result


@pytest.fixture(
    scope="module", params=[(0.0, 0.0, 0.0, 0.0), (0.25, -1.0, 0.4, 1.0)], ids=["middle", "panned"]
)
def band(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Four tracks of 1, 2, 3 and 1 channels, one of them muted, with offsets, gains, pans and five cuts."""
    rng = np.random.default_rng(7)
    tone = 0.3 * np.sin(np.arange(LENGTH) * 2 * np.pi * 100 / RATE_HZ)[:, np.newaxis]
    noise = [0.1 * rng.standard_normal((n, c)) for n, c in ((7000, 2), (3000, 3), (500, 1))]
    recorded = recording(
        tmp_path_factory.mktemp("band"),
        [tone, *noise],
        subtype="DOUBLE",
        start_samples=[0, 1990, 3995, 0],
        gain_db=[0.0, -3.0, 6.0, 0.0],
        mute=[False, False, False, True],
        pan=request.param,
    )
    return Recording(with_cuts(recorded.state, *CUTS), recorded.media)


def read_whole(recorded: Recording, dtype: type = np.float32) -> np.ndarray:
    with Renderer(recorded.state, build(recorded.state), recorded.media, dtype) as renderer:
        return renderer.read(0, renderer.length_samples)


def test_streaming_equals_the_plain_renderer(band: Recording) -> None:
    edit_list = build(band.state)
    expected = slow_render(band, edit_list)
    assert expected.shape == (edit_list.length_samples, 3)
    assert edit_list.length_samples == 2 * 1300 + 100 + 2000 - 1300 + 2950
    np.testing.assert_allclose(read_whole(band, np.float64), expected, atol=1e-12)
    single = read_whole(band)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, expected, atol=1e-6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_block_size_gives_the_same_samples(band: Recording, data: st.DataObject) -> None:
    edit_list = build(band.state)
    length = edit_list.length_samples
    inner = data.draw(st.lists(st.integers(0, length), max_size=12))
    splits = sorted({-5, length + 5, *inner})
    with Renderer(band.state, edit_list, band.media) as renderer:
        pieces = [renderer.read(*pair) for pair in pairwise(splits)]
    joined = np.concatenate(pieces)
    assert joined[5:-5].tobytes() == read_whole(band).tobytes()
    assert not joined[:5].any()
    assert not joined[-5:].any()


def test_a_pan_in_the_middle_changes_no_bit_and_either_end_silences_one_side(tmp_path: Path) -> None:
    sound = np.random.default_rng(8).uniform(-1, 1, (500, 1)).astype(np.float32)
    sound[7] = -0.0
    for pan, left, right in ((0.0, 1, None), (-0.5, 1, 0.5), (1.0, 0, 1), (-1.0, 1, 0)):
        recorded = recording(tmp_path, [sound], pan=[pan])
        found = render(recorded.state, whole(recorded.state), recorded.media, 0, 500)
        assert found.shape == (500, 1 if right is None else 2)
        sides = zip(found.T, (left, right), strict=False)
        for heard, gain in sides:
            assert np.array_equal(heard, sound[:, 0] * np.float32(gain))
            assert gain != 1 or heard.tobytes() == sound[:, 0].tobytes()


def test_pan_is_a_balance_of_the_first_two_channels(tmp_path: Path) -> None:
    sound = np.random.default_rng(9).uniform(-1, 1, (100, 4)).astype(np.float32)
    recorded = recording(tmp_path, [sound, sound[:, :1], np.zeros((100, 2))], pan=[0.75, -0.75, 0.0])
    heard = {}
    for number in range(2):
        tracks = (replace(recorded.state.tracks[number], solo=True), *recorded.state.tracks)
        state = replace(recorded.state, tracks=tracks[:1] + recorded.state.tracks[2:])
        assert mix_channels(state) == (4 if number == 0 else 2)
        heard[number] = render(state, whole(state), recorded.media, 0, 100)
    np.testing.assert_array_equal(heard[0], sound * np.float32([0.25, 1, 1, 1]))
    np.testing.assert_array_equal(heard[1], sound[:, :1] * np.float32([1, 0.25]))
    state = replace(recorded.state, tracks=recorded.state.tracks[:2])
    both = render(state, whole(state), recorded.media, 0, 100)
    np.testing.assert_array_equal(both[:, 2:], sound[:, 2:] + sound[:, :1])


def test_a_pan_of_a_muted_track_keeps_the_width_of_the_mix(tmp_path: Path) -> None:
    recorded = recording(tmp_path, [np.ones(10), np.ones(10)], pan=[0.0, 0.5], mute=[False, True])
    assert mix_channels(recorded.state) == 2
    found = render(recorded.state, whole(recorded.state), recorded.media, 0, 10)
    np.testing.assert_array_equal(found, np.ones((10, 2)))


@pytest.mark.parametrize("block_frames", [1, 160, 1024, 100_000])
def test_blocks_join_to_the_whole(band: Recording, block_frames: int) -> None:
    with Renderer(band.state, build(band.state), band.media) as renderer:
        blocks = list(renderer.blocks(block_frames))
    assert {len(block) for block in blocks[:-1]} <= {block_frames}
    assert np.concatenate(blocks).tobytes() == read_whole(band).tobytes()


def test_positions_may_be_read_in_any_order(band: Recording) -> None:
    expected = read_whole(band)
    edit_list = build(band.state)
    order = np.random.default_rng(1).permutation(np.arange(0, len(expected) - 64, 37))
    with Renderer(band.state, edit_list, band.media) as renderer:
        for start in order.tolist():
            np.testing.assert_array_equal(renderer.read(start, start + 64), expected[start : start + 64])


@pytest.mark.parametrize(
    ("subtype", "dtype"),
    [
        ("PCM_U8", np.float32),
        ("PCM_16", np.float32),
        ("PCM_24", np.float32),
        ("FLOAT", np.float32),
        ("PCM_32", np.float64),
        ("DOUBLE", np.float64),
    ],
)
def test_untouched_samples_are_the_source_bit_for_bit(tmp_path: Path, subtype: str, dtype: type) -> None:
    samples = np.random.default_rng(3).uniform(-1, 1, (8000, 2))
    samples[100] = -0.0
    recorded = recording(tmp_path, [samples], subtype=subtype)
    state = with_cuts(recorded.state, (2000, 5000))
    source, _ = soundfile.read(recorded.media["s0"], dtype=np.dtype(dtype).name, always_2d=True)
    assert read_whole(recorded, dtype).tobytes() == source.tobytes()
    heard = read_whole(Recording(state, recorded.media), dtype)
    assert heard[: 2000 - 80].tobytes() == source[: 2000 - 80].tobytes()
    assert heard[2000 + 80 :].tobytes() == source[5000 + 80 :].tobytes()
    assert not np.array_equal(heard[1920:2000], source[1920:2000])


def test_channels_go_where_the_rule_says(tmp_path: Path) -> None:
    parts = [np.full((100, channels), 2.0**-channels) for channels in (1, 2, 4)]
    recorded = recording(tmp_path, parts)
    row = render(recorded.state, whole(recorded.state), recorded.media, 10, 11)[0]
    np.testing.assert_array_equal(row, [0.8125, 0.8125, 0.5625, 0.5625])


@pytest.mark.parametrize(
    ("mute", "solo", "level"),
    [
        ((False, False), (False, False), 0.75),
        ((True, False), (False, False), 0.25),
        ((False, False), (True, False), 0.5),
        ((True, True), (False, False), 0.0),
    ],
)
def test_mute_and_solo(
    tmp_path: Path, mute: tuple[bool, bool], solo: tuple[bool, bool], level: float
) -> None:
    parts = [np.full((100, 1), 0.5), np.full((100, 1), 0.25)]
    recorded = recording(tmp_path, parts, mute=mute, solo=solo)
    assert (render(recorded.state, whole(recorded.state), recorded.media, 0, 100) == level).all()


def test_a_document_without_sound_renders_nothing(band: Recording) -> None:
    state = with_cuts(band.state, (0, LENGTH))
    assert render(state, build(state), band.media, -10, 10).shape == (20, 3)
    empty = replace(state, tracks=(), proposals={}, decisions={})
    assert render(empty, build(empty), {}, 0, 8).shape == (8, 0)


def test_a_missing_source_is_named_and_nothing_stays_open(band: Recording, tmp_path: Path) -> None:
    edit_list = build(band.state)
    with pytest.raises(SourceError, match=r"Track 2.*s2\.wav.*locate"):
        Renderer(band.state, edit_list, {name: path for name, path in band.media.items() if name != "s2"})
    with pytest.raises(SourceError, match=r"moved\.wav"):
        Renderer(band.state, edit_list, {**band.media, "s1": tmp_path / "moved.wav"})


def test_an_unheard_source_may_be_missing(band: Recording) -> None:
    media = {name: path for name, path in band.media.items() if name != "s3"}
    with Renderer(band.state, build(band.state), media) as renderer:
        assert renderer.read(0, 100).tobytes() == read_whole(band)[:100].tobytes()
