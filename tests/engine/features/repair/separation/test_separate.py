"""What is taken apart: inside windows alone, at the recording's own rate and channels, without a seam."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.analysis.detection.detector import SoundNetwork
from engine.core.errors import UsageError
from engine.features.repair.separation import separate as separating
from engine.features.repair.separation.network import (
    NetworkSeparator,
    SeparationNetwork,
    network_separator,
    views,
)
from engine.features.repair.separation.plain import FactorSeparator, SubtractionSeparator
from engine.features.repair.separation.separate import Asked, Recording, separate
from engine.features.repair.separation.separator import (
    Mask,
    Mode,
    Prompt,
    Separator,
    Stretch,
    masked,
    prompts_of,
    united,
)

WORDS = prompts_of(["dog"])


def made(seconds: float, rate_hz: int, channels: int = 2, seed: int = 0) -> NDArray[np.float32]:
    """Return noise with a loud tone of half a second from second 3 on."""
    rng = np.random.default_rng(seed)
    samples = 0.05 * rng.standard_normal((round(seconds * rate_hz), channels))
    times_s = np.arange(round(0.5 * rate_hz)) / rate_hz
    samples[3 * rate_hz : 3 * rate_hz + len(times_s)] += 0.5 * np.sin(2 * np.pi * 880 * times_s)[:, None]
    return samples.astype(np.float32)


def recorded(samples: NDArray[np.float32], rate_hz: int) -> Recording:
    """Return samples as a recording."""
    return Recording(lambda start, stop: samples[start:stop].copy(), len(samples), rate_hz)


def heard_after(
    samples: NDArray[np.float32],
    rate_hz: int,
    windows: Sequence[tuple[int, int]],
    separator: Separator,
    asked: Asked | None = None,
) -> NDArray[np.float32]:
    """Return the recording with what is separated laid into it."""
    result = samples.copy()
    for piece in separate(recorded(samples, rate_hz), windows, asked or Asked(WORDS), separator):
        result[piece.start_samples : piece.start_samples + len(piece.samples)] = piece.samples
    return result


class HalfSeparator:
    """Means half of everything."""

    name = "half"

    def masks(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Mask, ...]:
        """Return the same for each prompt."""
        frames = 1 + len(stretch.samples) // 256
        shares = np.full((frames, 4), 0.5, np.float32)
        return (Mask(shares, 0.0, 0.016, np.array([100.0, 1000.0, 4000.0, 8000.0])),) * len(prompts)


@pytest.mark.parametrize("separator", [SubtractionSeparator(), FactorSeparator(), HalfSeparator()])
@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
def test_outside_of_all_windows_nothing_changes(separator: Separator, rate_hz: int) -> None:
    """Not a bit of it; inside, the tone that sounds there alone is taken out."""
    samples = made(7.0, rate_hz)
    windows = ((3 * rate_hz - 4000, 3 * rate_hz + rate_hz // 2 + 4000), (5 * rate_hz, 5 * rate_hz + 9000))
    result = heard_after(samples, rate_hz, windows, separator)
    outside = np.ones(len(samples), bool)
    for start, stop in windows:
        outside[start:stop] = False
    np.testing.assert_array_equal(result[outside].view(np.uint32), samples[outside].view(np.uint32))
    tone = slice(3 * rate_hz + 4000, 3 * rate_hz + rate_hz // 2 - 4000)
    assert np.std(result[tone]) < (0.6 if separator.name == "half" else 0.45) * np.std(samples[tone])


@pytest.mark.parametrize("rate_hz", [8000, 22_050, 96_000])
def test_what_is_kept_and_what_is_removed_are_the_whole(rate_hz: int) -> None:
    """At any rate: the remainder is what is missing from the result."""
    samples = made(5.0, rate_hz, 1)
    windows = ((2 * rate_hz, 4 * rate_hz),)
    both = [
        heard_after(samples, rate_hz, windows, SubtractionSeparator(), Asked(WORDS, mode, fade_ms=0.0))
        for mode in (Mode.KEEP, Mode.REMOVE)
    ]
    inside = slice(*windows[0])
    np.testing.assert_allclose(both[0][inside] + both[1][inside], samples[inside], atol=2e-5)


def test_a_long_window_has_no_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut into pieces of three seconds, it is heard as in one piece, and nothing jumps at a joint."""
    rate_hz = 16_000
    samples = made(14.0, rate_hz, 1, seed=3)
    windows = ((rate_hz, 13 * rate_hz),)
    whole = heard_after(samples, rate_hz, windows, HalfSeparator())
    monkeypatch.setattr(separating, "_PIECE_S", 3.0)
    pieces = heard_after(samples, rate_hz, windows, HalfSeparator())
    # What differs is where the frames of the spectrum lie.
    np.testing.assert_allclose(pieces, whole, atol=1e-5)


def test_strength_is_a_floor() -> None:
    """Nothing is made quieter than was asked for."""
    samples = made(5.0, 16_000, 1)
    all_of_it = Mask(np.ones((400, 2), np.float32), 0.0, 0.016, np.array([0.0, 8000.0]))
    lowered = masked(samples, 16_000, all_of_it, Mode.REMOVE, floor_db=-12.0)
    inner = slice(2000, -2000)
    np.testing.assert_allclose(lowered[inner], samples[inner] * 10 ** (-12 / 20), atol=1e-5)


def test_the_network_answers_the_same_whatever_the_level() -> None:
    """A recording that is 40 dB quieter is taken apart alike."""
    separator = NetworkSeparator(SeparationNetwork().eval(), SoundNetwork().eval())
    samples = made(6.0, 16_000, 1)[:, 0]
    loud, quiet = (
        separator.masks(Stretch(samples * np.float32(gain), ((3.0, 3.5),)), WORDS)[0].shares
        for gain in (1.0, 0.01)
    )
    np.testing.assert_allclose(loud, quiet, atol=1e-3)


def test_several_prompts_at_once_are_answered_as_each_alone() -> None:
    """What is heard of a view is computed once for all of them."""
    stretch = Stretch(made(6.0, 16_000, 1)[:, 0], ((3.0, 3.5),))
    prompts = prompts_of(["dog", "not rain", "church bells"])
    at_once = network_separator().masks(stretch, prompts)
    for prompt, mask in zip(prompts, at_once, strict=True):
        (alone,) = network_separator().masks(stretch, (prompt,))
        # Convolutions of one and of several images sum in another order.
        np.testing.assert_allclose(mask.shares, alone.shares, atol=1e-5)
    assert np.abs(at_once[0].shares - at_once[2].shares).max() > 0.01, "words tell them apart"


@pytest.mark.parametrize("level", [0.0, 1e-30, 1.0])
def test_silence_and_one_level_are_no_numbers_that_are_none(level: float) -> None:
    """Whatever separates."""
    samples = np.full(5 * 16_000, level, np.float32)
    for separator in (
        NetworkSeparator(SeparationNetwork().eval(), SoundNetwork().eval()),
        SubtractionSeparator(),
        FactorSeparator(),
    ):
        (mask,) = separator.masks(Stretch(samples, ((1.0, 2.0),)), WORDS)
        assert np.isfinite(mask.shares).all()
        assert mask.shares.min() >= 0.0
        assert mask.shares.max() <= 1.0 + 1e-6


@pytest.mark.parametrize("length", [10, 190, 200, 700])
def test_views_cover_every_window(length: int) -> None:
    """Each frame of a window is heard in a view, away from its edges unless the recording ends there."""
    import torch

    inside = torch.zeros(2000, dtype=torch.bool)
    inside[600 : 600 + length] = True
    heard = np.zeros(2000)
    for first in views(inside):
        heard[first : first + 256] += np.hanning(258)[1:-1]
    assert heard[600 : 600 + length].min() > 0.05


def test_what_stays_claims_its_part() -> None:
    dog, speech, hum = (
        Mask(np.array([shares], np.float32), 0.0, 0.016, np.array([100.0, 1000.0, 4000.0]))
        for shares in ([0.6, 0.5, 0.0], [0.2, 0.5, 0.9], [0.0, 0.5, 0.0])
    )
    apart = united([dog, speech], [False, True]).shares
    np.testing.assert_allclose(apart, [[0.75, 0.5, 0.0]], atol=1e-6)
    np.testing.assert_allclose(
        united([dog, hum, speech], [False, False, True]).shares[0, 1], 2 / 3, atol=1e-6
    )
    np.testing.assert_allclose(united([speech], [True]).shares, [[0.8, 0.5, 0.1]], atol=1e-6)
    np.testing.assert_array_equal(united([dog, hum]).shares, united([dog, hum], [False, False]).shares)


def test_not_before_words_says_what_stays() -> None:
    dog, speech = prompts_of(["dog", " Not   speech"])
    assert (dog.text, dog.stays) == ("dog", False)
    assert (speech.text, speech.stays) == ("Not speech", True)
    np.testing.assert_array_equal(speech.vector, prompts_of(["speech"])[0].vector)
    with pytest.raises(UsageError, match="No sound is named"):
        prompts_of(["not "])
