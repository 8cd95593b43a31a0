"""What sounds where it is edited: against whole arrays made plainly, and against the ideal delay."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import DTypeLike, NDArray

from engine.document.document import Document
from engine.document.edits.proposals import set_settings
from engine.document.file.stored_audio import stored
from engine.document.kinds.operations import Fill, Gain, Reclock, Replace, Shift, Slice, Sounding, Stored
from engine.sound.edl.crossfade import Block, crossfade
from engine.sound.edl.slices import Gap, Piece
from engine.sound.edl.tracks import stored_sounds
from engine.sound.edl.tracks.delay import REACH_SAMPLES, delayed
from engine.sound.edl.tracks.patched_reader import GAPS_HELD, PatchedReader
from engine.sound.edl.tracks.patches import Patches, changed_span, patches_by_track
from engine.sound.edl.tracks.stored_sounds import StoredSounds

RATE_HZ, FRAMES, OFFSET = 1000, 600, 150
SOUND = np.random.default_rng(5).standard_normal((FRAMES, 2)).astype(np.float32)

AUDIO = stored(np.random.default_rng(6).standard_normal((200, 2)).astype(np.float32), 8_000)

Sound = NDArray[np.float64]


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> StoredSounds:
    """Finds `AUDIO` in a document."""
    with Document.create(tmp_path_factory.mktemp("sounds") / "jam.offcut") as document:
        document.apply(set_settings(document.state, {"minimum_kept_s": 4.0}, "Set"), audio=[AUDIO])
        return StoredSounds(document.audio_files, AUDIO.rate_hz, 2)


class Plain:
    """A source that lies in memory."""

    def read(self, start: int, stop: int, dtype: DTypeLike = np.float32) -> Block:
        assert 0 <= start <= stop <= FRAMES
        return SOUND[start:stop].astype(dtype)

    def close(self) -> None:
        pass


PLACES = st.integers(0, OFFSET + FRAMES + 80)
SPANS = st.tuples(PLACES, PLACES).map(sorted).filter(lambda span: span[0] < span[1])
FADES_MS = st.sampled_from((0.0, 7.0, 40.0))
TONES = st.one_of(st.none(), SPANS.map(tuple))
OPERATIONS = st.lists(
    st.one_of(
        st.builds(lambda span, tone, fade: Replace(*span, (), tone, fade), SPANS, TONES, FADES_MS),
        st.builds(
            lambda span, at, fade: Replace(*span, (), None, fade, Stored(AUDIO.key, at, at + AUDIO.frames)),
            SPANS,
            PLACES,
            FADES_MS,
        ),
        st.builds(
            lambda span, by, fade: Shift(*span, (), by, fade),
            SPANS,
            st.sampled_from((-30.0, -0.5, 0.25, 1.0, 12.0, 300.75)),
            FADES_MS,
        ),
        st.builds(
            lambda span, gain, rise, fall: Gain(*span, (), gain, (rise, fall)),
            SPANS,
            st.floats(-40, 12),
            FADES_MS,
            FADES_MS,
        ),
    ),
    max_size=4,
)


def edited_plainly(operations: list[Sounding], length: int) -> Sound:
    """Return the whole timeline with the operations laid over it, whole layers at a time."""
    layer = np.zeros((length + 2_000, 2))
    layer[1_000 + OFFSET : 1_000 + OFFSET + FRAMES] = SOUND  # so that everything has something around it
    raw = layer.copy()
    ordered = Patches.of(operations, RATE_HZ).operations
    for kind in (Replace, Shift, Gain):
        below = layer.copy()
        for one in ordered:
            if type(one) is kind:
                layer = _laid(layer, below, raw, one)
    return layer[1_000 : 1_000 + length]


def _laid(layer: Sound, below: Sound, raw: Sound, one: Sounding) -> Sound:
    start, stop = one.start_samples + 1_000, one.stop_samples + 1_000
    out = layer.copy()
    if isinstance(one, Gain):
        rise, fall = (min(round(ramp_ms), stop - start) for ramp_ms in one.ramps_ms)
        half = (stop - start) // 2
        if rise + fall > stop - start:  # the shorter one stays whole, and two long ones have half each
            short = min(rise, fall, half)
            rise = short if rise == short else max(half, stop - start - short)
            fall = short if fall == short else max(half, stop - start - short)
        if min(rise, fall) > half:
            rise = fall = half
        for at in range(start, stop):
            share = min((at - start + 0.5) / rise if rise else 1.0, (stop - at - 0.5) / fall if fall else 1.0)
            out[at] *= 1 + (10 ** (one.gain_db / 20) - 1) * min(1.0, share)
        return out
    over = _filled(raw, one, len(out)) if isinstance(one, Replace) else _moved(below, one.by_samples)
    fade = min(round(one.crossfade_ms), stop - start)
    first, last = start - fade // 2, stop - fade // 2
    out[first + fade : last] = over[first + fade : last]
    out[first : first + fade] = crossfade(below[first : first + fade], over[first : first + fade])
    out[last : last + fade] = crossfade(over[last : last + fade], below[last : last + fade])
    return out


def _filled(raw: Sound, one: Replace, length: int) -> Sound:
    out = np.zeros((length, 2))
    if one.stored is not None:
        first = one.stored.start_samples + 1_000
        out[first : first + AUDIO.frames] = AUDIO.samples
        return out
    if one.tone is None:
        return out
    heard = raw[1_000 + one.tone[0] : 1_000 + one.tone[1]]
    join = min(50, len(heard) // 2)
    loop = np.concatenate(
        [crossfade(heard[len(heard) - join :], heard[:join]), heard[join : len(heard) - join]]
    )
    return np.array([loop[(k - 1_000 - one.start_samples) % len(loop)] for k in range(length)])


def _moved(below: Sound, by: float) -> Sound:
    padded = np.pad(below, ((1_000, 1_000), (0, 0)))
    return delayed(lambda a, b: padded[a + 1_000 : b + 1_000], 0, len(below), by)


@given(OPERATIONS, st.integers(1, 200))
def test_edited_sound_is_that_of_whole_layers_whatever_the_block_size(
    sounds: StoredSounds, operations: list[Sounding], size: int
) -> None:
    patches = Patches.of(operations, RATE_HZ)
    reader = PatchedReader(Plain(), patches, FRAMES, 2, OFFSET, sounds)
    found = np.concatenate([reader.read(k, min(k + size, FRAMES)) for k in range(0, FRAMES, size)])
    expected = edited_plainly(operations, OFFSET + FRAMES + 200)[OFFSET : OFFSET + FRAMES]
    np.testing.assert_allclose(found, expected.astype(np.float32), rtol=0, atol=1e-6)
    touched = np.zeros(FRAMES, bool)
    for start, stop in patches.spans:
        touched[max(0, start - OFFSET) : max(0, stop - OFFSET)] = True
    np.testing.assert_array_equal(found[~touched], SOUND[~touched])
    np.testing.assert_array_equal(found, reader.read(0, FRAMES))


@pytest.mark.parametrize("by", [0.5, 0.1, 12.34, -7.9])
def test_a_fraction_of_a_sample_is_an_ideal_delay_up_to_nearly_half_of_the_rate(by: float) -> None:
    at = np.arange(-400.0, 2_000.0)
    worst = 0.0
    for frequency in (0.01, 0.1, 0.3, 0.4, 0.45):
        heard = np.sin(2 * np.pi * frequency * at)[:, None]
        found = delayed(lambda a, b, heard=heard: heard[a + 400 : b + 400], 0, 1_000, by)
        ideal = np.sin(2 * np.pi * frequency * (np.arange(1_000.0) - by))[:, None]
        worst = max(worst, float(np.abs(found - ideal).max()))
    assert 20 * np.log10(worst) <= -90.0


def test_whole_samples_are_exact() -> None:
    heard = np.random.default_rng(1).standard_normal((500, 3))
    found = delayed(lambda a, b: heard[a:b], 200, 300, -37.0)
    np.testing.assert_array_equal(found, heard[237:337])
    assert REACH_SAMPLES < 100


def test_tracks_that_are_not_named_stay_as_they_are() -> None:
    everywhere, one = Gain(0, 10, (), -6.0), Gain(5, 9, ("snare", "gone"), 3.0)
    found = patches_by_track([everywhere, one], ["kick", "snare"], RATE_HZ)
    assert found["kick"].operations == (everywhere,)
    assert found["snare"].operations == (everywhere, one)
    assert set(found) == {"kick", "snare"}
    assert patches_by_track([one], ["kick"], RATE_HZ) == {}


@pytest.mark.parametrize("fade_ms", [0.0, 7.0, 40.0])
def test_stored_audio_is_heard_as_far_as_it_goes(sounds: StoredSounds, fade_ms: float) -> None:
    far = Replace(160, 740, (), None, fade_ms, Stored(AUDIO.key, 300, 500))
    (heard,) = Patches.of([far], RATE_HZ).operations
    fade = round(fade_ms)
    assert (heard.start_samples, heard.stop_samples) == (300 + fade // 2, 500 - (fade - fade // 2))
    found = PatchedReader(Plain(), Patches.of([far], RATE_HZ), FRAMES, 2, OFFSET, sounds).read(0, FRAMES)
    first, last = 300 - OFFSET, 500 - OFFSET
    np.testing.assert_array_equal(found[:first], SOUND[:first])
    np.testing.assert_array_equal(found[last:], SOUND[last:])
    np.testing.assert_array_equal(found[first + fade : last - fade], AUDIO.samples[fade : 200 - fade])
    for place in (0, 299, 500, 700):
        assert not Patches.of([Replace(place, place + 1, (), None, 0.0, far.stored)], RATE_HZ).operations
    assert patches_by_track([Replace(0, 9, (), None, 0.0, far.stored)], ["kick"], RATE_HZ) == {}


@pytest.mark.parametrize("what", ["no such key", "another length", "another rate", "more channels", "no way"])
def test_without_its_audio_a_replacement_changes_nothing_and_is_told(sounds: StoredSounds, what: str) -> None:
    media = sounds.media
    key = "audio-" + "0" * 32 if what == "no such key" else AUDIO.key
    length = 150 if what == "another length" else 200
    one = Replace(310, 400, (), None, 10.0, Stored(key, 300, 300 + length))
    rate_hz, channels = 9_000 if what == "another rate" else 8_000, 3 if what == "more channels" else 2
    other = None if what == "no way" else StoredSounds(media, rate_hz, channels)
    reader = PatchedReader(Plain(), Patches.of([one], RATE_HZ), FRAMES, 2, OFFSET, other)
    np.testing.assert_array_equal(reader.read(0, FRAMES), SOUND)
    assert list(reader.lost) == [one]


@given(OPERATIONS, SPANS)
def test_operations_within_a_span_say_all_that_sounds_there(
    operations: list[Sounding], span: list[int]
) -> None:
    patches = Patches.of(operations, RATE_HZ)
    some = Patches(patches.within(*span), RATE_HZ)
    assert [one for one in patches.operations if one in some.operations] == list(some.operations)
    first, last = (min(max(edge - OFFSET, 0), FRAMES) for edge in span)
    whole, part = (PatchedReader(Plain(), one, FRAMES, 2, OFFSET) for one in (patches, some))
    np.testing.assert_array_equal(part.read(first, last), whole.read(first, last))


def test_what_moves_sound_elsewhere_may_change_it_anywhere() -> None:
    mute, gain = Replace(0, 100, crossfade_ms=5.0), Gain(500, 600, (), -6.0, (5.0, 5.0))
    slip, slice_ = Shift(200, 300, (), 50.0, 5.0), Slice(300, 400, (), 10.0, 3.0)

    def of(*operations: Sounding) -> Patches:
        return Patches.of(operations, RATE_HZ)

    one = of(mute, gain)
    assert changed_span(one, one) == (0, 0) == changed_span(None, None)
    assert changed_span(of(mute), one) == (500, 600)
    start, stop = changed_span(of(gain), one) or (0, 0)
    assert start < 0 < 100 < stop, "with its crossfades"
    assert changed_span(None, of(gain)) == (500, 600)
    assert changed_span(of(slip), of(slip, gain)) == (500, 600), "it lies above what moves"
    assert changed_span(of(slip), of(slip, mute)) is None
    assert changed_span(of(slip), of(slip, slice_)) is None
    assert changed_span(None, of(Reclock(0, 600, (), 10.0, 20.0))) is None


@pytest.mark.parametrize("many", [1, 2, 3, 5])
def test_what_changes_is_found_between_what_stays(many: int) -> None:
    def gains(count: int) -> list[Sounding]:
        return [Gain(100 * n, 100 * n + 50, (), -6.0) for n in range(count)]

    before = Patches.of(gains(many), RATE_HZ)
    assert changed_span(before, Patches.of(gains(many), RATE_HZ)) == (0, 0), "equal, though made anew"
    for at in range(many):
        span = 100 * at, 100 * at + 50
        fewer = [one for n, one in enumerate(gains(many)) if n != at]
        louder = [Gain(*span, (), 6.0) if n == at else one for n, one in enumerate(gains(many))]
        for after in (Patches.of(louder, RATE_HZ), Patches.of(fewer, RATE_HZ) if fewer else None):
            assert changed_span(before, after) == changed_span(after, before) == span


@pytest.mark.parametrize("drift_ppm", [0.0, 1_000.0, -1_000.0])
def test_a_track_of_another_clock_sounds_as_much_later_as_that_clock_says(drift_ppm: float) -> None:
    start, stop = Patches.of([Reclock(0, 10**6, (), 100.0, drift_ppm)], RATE_HZ).sounding(1_000, 50_000)
    reach = REACH_SAMPLES if drift_ppm else 0
    assert start == pytest.approx(1_100 / (1 + drift_ppm / 1e6) - reach, abs=1)
    assert stop == pytest.approx(50_100 / (1 + drift_ppm / 1e6) + reach, abs=1)
    assert Patches.of([], RATE_HZ).sounding(1_000, 50_000) == (1_000, 50_000)


def test_what_plays_audio_that_is_gone_is_left_out_and_nothing_else() -> None:
    there, gone = (Stored(f"audio-{digit * 32}", 100, 300) for digit in "01")
    first, second = (Replace(100, 300, (), None, 0.0, one) for one in (there, gone))
    mute = Replace(400, 500)
    patches = Patches.of([first, second, mute], RATE_HZ)
    assert {one for one, _ in patches.stored} == {first, second}
    assert dict(patches.stored)[first] == there
    assert patches.without_missing(lambda _: True) is patches
    left = patches.without_missing(lambda one: one == there)
    assert left is not None
    assert set(left.operations) == {first, mute}
    alone = Patches.of([second], RATE_HZ)
    assert alone.without_missing(lambda _: False) is None


def test_of_several_clocks_one_is_kept_alone() -> None:
    clock = Reclock(0, 2**43, (), 5.0, 1.0)
    assert Patches.of([Replace(100, 300)], RATE_HZ).clock_alone is None
    alone = Patches.of([Replace(100, 300), clock], RATE_HZ).clock_alone
    assert alone is not None
    assert alone.operations == (clock,)


def test_what_was_made_over_a_repair_that_is_gone_is_faded_longer() -> None:
    under, over = (Stored(f"audio-{digit * 32}", 0, 1_000) for digit in "01")
    below = Replace(200, 800, (), None, 10.0, under)
    above = Replace(300, 700, (), None, 10.0, over, (under.key,))
    longer = Replace(300, 700, (), None, 90.0, over, (under.key,))
    both = Patches.of([below, above], RATE_HZ).operations
    assert [one.crossfade_ms for one in both if isinstance(one, Replace)] == [10.0, 10.0]
    for one, fade_ms in ((above, 70.0), (longer, 90.0)):
        (alone,) = Patches.of([one], RATE_HZ).operations
        assert isinstance(alone, Replace)
        assert alone.crossfade_ms == fade_ms


class Counting(StoredSounds):
    """Counts how often audio is read."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.reads: list[str] = []

    def _read(self, one: Stored) -> np.ndarray | None:
        self.reads.append(one.key)
        return super()._read(one)


def test_audio_is_kept_ready_up_to_a_limit_and_what_was_heard_last_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(8)
    every = [stored(rng.standard_normal((100, 1)).astype(np.float32), 8_000) for _ in range(3)]
    wanted = [Stored(one.key, 0, 100) for one in every]
    monkeypatch.setattr(stored_sounds, "MOST_CACHED_SAMPLES", 200)
    sounds = Counting({}, 8_000, 1, {one.key: one for one in every})
    a, b, c = wanted
    for one in (a, b, a, b, a):
        np.testing.assert_array_equal(sounds.read(one, 10, 20), every[wanted.index(one)].samples[10:20])
    assert sounds.reads == [a.key, b.key]
    assert sounds.holds(c)
    assert sounds.holds(a)
    assert sounds.reads == [a.key, b.key, c.key], "the one heard longest ago went"
    assert sounds.holds(b)
    assert sounds.reads[3:] == [b.key]
    assert not sounds.holds(Stored("audio-" + "f" * 32, 0, 100))
    assert not sounds.holds(Stored(a.key, 0, 99)), "it is not as long as the edit says"
    many = len(sounds.reads)
    assert not sounds.holds(Stored("audio-" + "f" * 32, 0, 100))
    assert len(sounds.reads) == many, "what cannot be read is not asked for again"


@pytest.mark.parametrize(
    ("channels", "wide", "is_heard"), [(1, 1, True), (1, 2, True), (2, 2, True), (2, 1, False), (2, 3, False)]
)
def test_audio_of_one_channel_plays_on_all_and_of_others_where_there_are_as_many(
    channels: int, wide: int, is_heard: bool
) -> None:
    one = stored(np.full((10, channels), 0.5, np.float32), 8_000)
    wanted = Stored(one.key, 0, 10)
    sounds = StoredSounds({}, 8_000, wide, {one.key: one})
    assert sounds.holds(wanted) is is_heard
    if is_heard:
        np.testing.assert_array_equal(sounds.read(wanted, 2, 5), np.full((3, wide), 0.5))
    assert not StoredSounds({}, 8_001, wide, {one.key: one}).holds(wanted)


def test_gaps_that_were_made_up_are_made_up_once_and_eight_are_kept() -> None:
    made: list[int] = []

    def made_up(gap: Gap, *_: object) -> Sound:
        made.append(gap.start_samples)
        return np.zeros((gap.stop_samples - gap.start_samples, 2))

    moves = [0.0, 20.0] * 10
    edits = [
        Slice(50 * k, 50 * k + 50, (), by, 1.0, Fill.DECAY, 50 * k + 2.0, None) for k, by in enumerate(moves)
    ]
    patches = Patches.of(edits, 1_000)
    gaps = [one for one in patches.operations if isinstance(one, Piece) and isinstance(one.sound, Gap)]
    assert len(gaps) > GAPS_HELD == 8
    reader = PatchedReader(Plain(), patches, FRAMES, 2, 0, None, made_up)
    for one in gaps[:8]:
        reader.read(one.start_samples, one.stop_samples)
    reader.read(gaps[0].start_samples, gaps[0].stop_samples)
    assert len(made) == len(set(made)) == 8
    reader.read(gaps[8].start_samples, gaps[8].stop_samples)
    reader.read(gaps[1].start_samples, gaps[1].stop_samples)
    assert len(made) == 9
    reader.read(gaps[0].start_samples, gaps[0].stop_samples)
    assert made[9:] == [made[0]], "the oldest went"
