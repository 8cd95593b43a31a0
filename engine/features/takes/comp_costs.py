"""The cost of each bar of each take: the probability of a fault, by comparison with the other takes.

Spectra of the takes are aligned frame by frame; each bar is compared with the same bar of the others by
aspects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, uniform_filter, uniform_filter1d

from engine.analysis.signal.bands import MelSettings, mel_filter_bank, triangles
from engine.analysis.signal.loudness import finite
from engine.analysis.signal.stft import band_power_blocks, bank_tensor
from engine.core.progress import SILENT, Progress
from engine.features.takes.following import HOP_S, Bars, Followed
from engine.features.timing.notes.onsets import ReadMono

Floats = NDArray[np.float32]
Values = NDArray[np.float64]


_AROUND_S = 0.2
_FLOOR_DB = 40.0
"""Below the loudest twentieth of the frames of a track: softer sound is not compared."""
_MEL_BANDS, _LOWEST_HZ, _HIGHEST_HZ = 40, 80.0, 3_000.0


@dataclass(frozen=True, slots=True)
class Resolution:
    """A way to look at sound.

    Attributes
    ----------
    window_s : length of its windows
    step : hops of alignment between two frames
    bands_per_semitone : 0 for mel bands
    """

    window_s: float
    step: int
    bands_per_semitone: int

    @property
    def frame_s(self) -> float:
        """Distance of two frames."""
        return self.step * HOP_S


FAST, PITCH, TUNING = Resolution(0.023, 2, 0), Resolution(0.186, 4, 2), Resolution(0.37, 4, 4)


def aligned_levels(
    read: ReadMono, takes: Sequence[Followed], rate_hz: int, resolution: Resolution
) -> list[Floats]:
    """Measure the levels of each take, in dB, shape (bands, frames), at all frames of the reference take."""
    hop = round(resolution.frame_s * rate_hz)
    n_fft = int(2 ** round(np.log2(resolution.window_s * rate_hz)))
    bank = _bank(rate_hz, n_fft, resolution.bands_per_semitone)
    around = round(_AROUND_S * rate_hz)
    powers = []
    for take in takes:
        places = take.places_samples[:: resolution.step]
        first = int(places[0]) - around
        sound = finite(read(first, int(places[-1]) + around))
        power = np.concatenate(list(band_power_blocks([sound], bank, n_fft, hop)))
        rows = np.rint((places - first) / hop).astype(np.int64)
        powers.append(power[np.clip(rows, 0, len(power) - 1)])
    top = max(float(np.quantile(np.concatenate([one.max(axis=1) for one in powers]), 0.95)), 1e-9)
    floor = top * 10 ** (-_FLOOR_DB / 10)
    return [np.ascontiguousarray((10.0 * np.log10(one + floor)).astype(np.float32).T) for one in powers]


def _bank(rate_hz: int, n_fft: int, bands_per_semitone: int) -> torch.Tensor:
    if not bands_per_semitone:
        return bank_tensor(mel_filter_bank(MelSettings(rate_hz=rate_hz, n_fft=n_fft, n_mels=_MEL_BANDS)))
    bins_hz = np.arange(n_fft // 2 + 1) * rate_hz / n_fft
    in_octave = 12 * bands_per_semitone
    count = round(in_octave * np.log2(_HIGHEST_HZ / _LOWEST_HZ))
    centres_hz = _LOWEST_HZ * 2 ** (np.arange(count) / in_octave)
    widths_hz = np.maximum(centres_hz * (2 ** (1 / in_octave) - 1), rate_hz / n_fft)
    return bank_tensor(triangles(bins_hz, centres_hz, widths_hz).astype(np.float32))


_RISE_FRAMES = 4
_MOST_LAG_S, _EARLIEST_S = 0.18, 0.16
"""An entry that is too early begins up to that long before its bar."""
_SOFT = 0.01
"""Share of the rises of all bands, below which bands are too soft to be compared."""
_SEAM_S = 0.15
_ENDS_S = 0.02, 0.04
"""The sound of a bar from just before it begins until just before the attacks of the next one."""
_OF_FRAMES = 8
"""A median needs only every eighth frame."""


@dataclass(frozen=True, slots=True)
class Aspect:
    """An aspect of sound: the mean over a patch of a spectrogram; the largest in a bar counts.

    Attributes
    ----------
    patch_s, bands : of a patch
    near_s : the other take may have it that much earlier or later
    is_of_attacks : whether rises of the level are compared in place of the level
    more, less : words for a take that has more of it than the others, and for one that has less
    """

    name: str
    resolution: Resolution
    patch_s: float
    bands: int
    near_s: float
    is_of_attacks: bool
    more: str
    less: str


ASPECTS = (
    Aspect("attack", FAST, 0.05, 4, 0.04, True, "an early or extra note", "a late or missing note"),
    Aspect("stroke", FAST, 0.05, 10, 0.04, True, "an extra stroke", "a missing stroke"),
    Aspect("sound", FAST, 0.05, 40, 0.03, False, "a noise", "a dropout"),
    Aspect("entry", PITCH, 0.1, 2, 0.06, True, "an early or extra note", "a late or missing note"),
    Aspect(
        "tuning", TUNING, 0.2, 1, 0.03, False, "a note wrong or out of tune", "a note missing or out of tune"
    ),
)
"""Musicians are 30 to 60 ms apart from take to take without anybody minding."""
TIMING = Aspect("timing", FAST, 0.0, 4, 0.04, True, "a late or early entry", "a late or early entry")
LEVEL = Aspect("level", FAST, 0.4, 40, 0.0, False, "another level", "another level")


@dataclass(frozen=True, slots=True, eq=False)
class Differences:
    """Differences between bars of takes.

    Attributes
    ----------
    more : by name of the aspect, float64, shape (tracks, takes, takes, bars): how much more of it the first
        take has than the second, in dB
    seams_db : float64, shape (takes, takes, bars + 1), mean difference of the spectra of two takes around the
        beginning of each bar, in dB
    """

    more: dict[str, Values]
    seams_db: Values


def differences(
    tracks: Sequence[ReadMono],
    takes: Sequence[Followed],
    bars: Bars,
    rate_hz: int,
    progress: Progress = SILENT,
) -> Differences:
    """Compare the bars of all takes with each other, track by track.

    Raises
    ------
    Cancelled : the user asked for it
    """
    reference = takes[bars.reference]
    hops = reference.hops_at(bars.edges_samples[bars.reference])
    found: dict[str, list[Values]] = {one.name: [] for one in (*ASPECTS, TIMING, LEVEL)}
    seams_db = np.zeros((len(takes), len(takes), len(bars) + 1))
    for number, read in enumerate(tracks):
        for resolution in (FAST, PITCH, TUNING):
            progress.check_cancelled()
            progress.report(number / len(tracks), "Comparing bars")
            levels = aligned_levels(read, takes, rate_hz, resolution)
            edges_s = hops * HOP_S
            for aspect in ASPECTS:
                if aspect.resolution == resolution:
                    found[aspect.name].append(_of_aspect(levels, aspect, edges_s))
            if resolution == FAST:
                found[TIMING.name].append(_of_timing(levels, edges_s))
                found[LEVEL.name].append(_of_level(levels, edges_s))
                seams_db += _at_seams(levels, edges_s) / len(tracks)
    return Differences({name: np.stack(rows) for name, rows in found.items()}, seams_db)


def _of_aspect(levels: Sequence[Floats], aspect: Aspect, edges_s: Values) -> Values:
    count, frame_s = len(levels), aspect.resolution.frame_s
    found = np.zeros((count, count, len(edges_s) - 1))
    shown = [_rises(one) for one in levels] if aspect.is_of_attacks else levels
    near = 2 * round(aspect.near_s / frame_s) + 1
    nearby = [maximum_filter1d(one, near, axis=1, mode="nearest") for one in shown]
    patch = (aspect.bands, round(aspect.patch_s / frame_s))
    for one, other in permutations(range(count), 2):
        more = shown[one] - nearby[other]
        if not aspect.is_of_attacks:  # an instrument that is turned up throughout does not count
            some = slice(None, None, _OF_FRAMES)
            more -= np.median(shown[one][:, some] - shown[other][:, some], axis=1, keepdims=True)
        patches = uniform_filter(np.maximum(more, 0.0), patch, mode="nearest").max(axis=0)
        found[one, other] = _loudest(patches, edges_s, frame_s)
    return found


def _of_level(levels: Sequence[Floats], edges_s: Values) -> Values:
    count = len(levels)
    found = np.zeros((count, count, len(edges_s) - 1))
    for one, other in permutations(range(count), 2):
        apart = (levels[one] - levels[other]).mean(axis=0)
        smooth = np.abs(uniform_filter1d(apart - np.median(apart), round(LEVEL.patch_s / FAST.frame_s)))
        found[one, other] = _loudest(smooth, edges_s, FAST.frame_s)
    return found


def _of_timing(levels: Sequence[Floats], edges_s: Values) -> Values:
    """Return how much better attacks of two takes agree with a lag than without, shape (takes, takes, bars).

    It is the difference of the normalised correlations of rises, of amplitudes and not of levels: bleed of
    other instruments hardly counts. Bands of each two thirds of an octave or so are compared by themselves,
    and the largest difference counts. It is 10 for takes that agree with a lag alone.
    """
    count, most = len(levels), round(_MOST_LAG_S / FAST.frame_s)
    lags = np.arange(-most, most + 1)
    is_small = np.abs(lags) <= round(TIMING.near_s / FAST.frame_s)
    rises = [_rises((10.0 ** (one / 20)).astype(np.float32)) for one in levels]
    groups = np.arange(0, len(rises[0]), TIMING.bands)
    first = np.rint((edges_s[:-1] - _EARLIEST_S) / FAST.frame_s).astype(int).clip(0)
    last = np.rint(edges_s[1:] / FAST.frame_s).astype(int).clip(first + 1, rises[0].shape[1])
    spans = list(zip(first.tolist(), last.tolist(), strict=True))
    powers = [_powers(one, spans, groups) for one in rises]
    found = np.zeros((count, count, len(spans)))
    for one, other in permutations(range(count), 2):
        padded = np.pad(rises[other], ((0, 0), (most, most)))
        power = np.sqrt(powers[one] * powers[other])
        whole = np.sqrt(powers[one].sum(axis=0) * powers[other].sum(axis=0))
        for bar, (start, stop) in enumerate(spans):
            shifted = sliding_window_view(padded[:, start : stop + 2 * most], stop - start, axis=1)
            products = np.einsum("bt,blt->bl", rises[one][:, start:stop], shifted)
            agrees = np.add.reduceat(products, groups, axis=0) / np.maximum(power[:, bar, None], 1e-9)
            better = agrees[:, ~is_small].max(axis=1) - agrees[:, is_small].max(axis=1)
            is_loud = power[:, bar] > _SOFT * whole[bar]
            found[one, other, bar] = 10.0 * better.max(initial=0.0, where=is_loud)
    return found


def _powers(rises: Floats, spans: Sequence[tuple[int, int]], groups: NDArray[np.int64]) -> Values:
    """Return the sums of the squares of rises, shape (groups, spans)."""
    bands = np.stack([np.square(rises[:, start:stop]).sum(axis=1) for start, stop in spans], axis=1)
    return np.add.reduceat(bands.astype(np.float64), groups, axis=0)


def _rises(levels: Floats) -> Floats:
    before = np.concatenate([levels[:, :_RISE_FRAMES], levels[:, :-_RISE_FRAMES]], axis=1)
    found: Floats = np.maximum(levels - before, 0.0)
    return found


def _loudest(values: Floats, edges_s: Values, frame_s: float) -> Values:
    """Return the largest value of each bar, shape (bars,)."""
    before_s, after_s = _ENDS_S
    first = np.rint(np.maximum(edges_s[:-1] - before_s, 0.0) / frame_s).astype(int)
    last = np.rint((edges_s[1:] - after_s) / frame_s).astype(int)
    spans = zip(first.tolist(), np.maximum(last, first + 1).tolist(), strict=True)
    return np.array([values[start:stop].max(initial=0.0) for start, stop in spans], np.float64)


def _at_seams(levels: Sequence[Floats], edges_s: Values) -> Values:
    """Return the mean difference around each line, shape (takes, takes, lines)."""
    found = np.zeros((len(levels), len(levels), len(edges_s)))
    around = round(_SEAM_S / FAST.frame_s)
    for one, other in permutations(range(len(levels)), 2):
        apart = np.abs(levels[one] - levels[other]).mean(axis=0)
        for number, frame in enumerate(np.rint(edges_s / FAST.frame_s).astype(int).tolist()):
            near = apart[max(frame - around, 0) : frame + around]
            found[one, other, number] = near.mean() if len(near) else 0.0
    return found


_SMALL_DB = 0.5
_LOWEST, _HIGHEST = -1.0, 2.0
"""Limits of a contrast, a ratio in logarithms: beyond them bars are as bad or as good as at the limit."""
_BELOW, _LEAST_SPREAD, _MOST_SPREADS = 0.159, 0.05, 8.0
"""Bars without faults spread from the median to this quantile as far as a standard deviation."""
MORE, LESS = "more", "less"
SIBLINGS, PASSAGE = "siblings", "passage"
Key = tuple[str, str, str]
"""An aspect, whether a take has more of it or less, and compared with what."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A logistic regression of the probability of a fault.

    Attributes
    ----------
    of : the weight of each difference
    price : of a usual seam, in costs of bars: 0.2 is that of a bar whose probability of a fault is 18 %
    """

    of: Mapping[Key, float]
    offset: float
    price: float = 0.0


ONE_TRACK = Weights(
    {
        ("attack", MORE, SIBLINGS): 0.48,
        ("attack", MORE, PASSAGE): 0.25,
        ("attack", LESS, SIBLINGS): 0.12,
        ("stroke", MORE, SIBLINGS): 0.32,
        ("stroke", MORE, PASSAGE): 0.08,
        ("stroke", LESS, SIBLINGS): 0.26,
        ("stroke", LESS, PASSAGE): 0.22,
        ("sound", LESS, SIBLINGS): 0.15,
        ("sound", LESS, PASSAGE): 0.02,
        ("tuning", MORE, SIBLINGS): 0.85,
        ("tuning", MORE, PASSAGE): 0.47,
        ("tuning", LESS, SIBLINGS): 1.31,
        ("tuning", LESS, PASSAGE): 0.06,
        ("timing", MORE, SIBLINGS): 1.19,
        ("timing", MORE, PASSAGE): 0.22,
        ("level", MORE, SIBLINGS): 1.31,
        ("level", MORE, PASSAGE): 0.17,
        ("entry", MORE, SIBLINGS): 0.66,
        ("entry", MORE, PASSAGE): 0.01,
        ("entry", LESS, SIBLINGS): 1.3,
        ("entry", LESS, PASSAGE): 0.39,
    },
    -2.71,
    price=0.2,
)
SEVERAL_TRACKS = Weights(
    {
        ("attack", MORE, SIBLINGS): 0.02,
        ("attack", MORE, PASSAGE): 0.02,
        ("stroke", MORE, SIBLINGS): 0.26,
        ("stroke", MORE, PASSAGE): 0.38,
        ("sound", LESS, PASSAGE): 0.34,
        ("tuning", MORE, SIBLINGS): 0.73,
        ("tuning", MORE, PASSAGE): 0.72,
        ("tuning", LESS, SIBLINGS): 1.58,
        ("tuning", LESS, PASSAGE): 0.01,
        ("timing", MORE, SIBLINGS): 2.14,
        ("timing", MORE, PASSAGE): 0.22,
        ("level", MORE, SIBLINGS): 0.87,
        ("level", MORE, PASSAGE): 0.24,
        ("entry", MORE, SIBLINGS): 0.19,
        ("entry", LESS, SIBLINGS): 2.25,
        ("entry", LESS, PASSAGE): 0.08,
    },
    -4.32,
    price=0.13,
)
"""Fitted to faults in bands that no report has (`engine.lab.evaluation.comping.fit`)."""
_WORDS = {
    **{(one.name, MORE): one.more for one in (*ASPECTS, TIMING, LEVEL)},
    **{(one.name, LESS): one.less for one in (*ASPECTS, TIMING, LEVEL)},
}
UNPLAYED = 50.0
"""Cost of a bar that a take does not play: more than all others together."""


@dataclass(frozen=True, slots=True, eq=False)
class Costs:
    """Costs of bars.

    Attributes
    ----------
    probabilities : float64, shape (takes, bars), that a bar has a fault, 0 to 1
    costs : float64, shape (takes, bars), -log(1 - probability); sums are those of whole passages
    faults : shape (takes, bars), the likeliest fault in words
    price : of a usual seam
    """

    probabilities: Values
    costs: Values
    faults: NDArray[np.str_]
    price: float


def deviations(found: Differences) -> dict[Key, Values]:
    """Return how far each bar is from others, aspect by aspect, shape (tracks, takes, bars).

    It is compared with its siblings, the same bar of the other takes, and their differences from each other;
    and with all bars of the passage and their differences from their siblings.
    """
    made = {}
    for name, more in found.more.items():
        levels = np.log(more + _SMALL_DB)
        for way in (MORE, LESS) if name not in (LEVEL.name, TIMING.name) else (MORE,):
            turned = levels if way == MORE else levels.swapaxes(1, 2)
            tracks = [_of_track(one) for one in turned]
            made[name, way, SIBLINGS] = np.stack([siblings for siblings, _ in tracks])
            made[name, way, PASSAGE] = np.stack([passage for _, passage in tracks])
    return made


def odds_of(tracks: Values) -> Values:
    """Return the logits of faults from those of each track, shape (tracks, ...): a soft maximum."""
    most = tracks.max(axis=0)
    odds: Values = most + np.log(np.exp(tracks - most).mean(axis=0))
    return odds


def _of_track(levels: Values) -> tuple[Values, Values]:
    """Return the deviations of one track, from the logarithms of its differences, shape (takes, bars) each.

    A bar is as far from its siblings as from the half of them that is nearest, so that one of these may have
    a fault of its own.
    """
    takes = len(levels)
    own, among = np.empty((2, takes, levels.shape[2]))
    for take in range(takes):
        others = [one for one in range(takes) if one != take]
        own[take] = np.sort(levels[take, others], axis=0)[max((takes - 2) // 2, 0)]
        pairs = [levels[one, other] for one in others for other in others if one != other]
        among[take] = np.median(pairs, axis=0) if pairs else np.median(own[take])
    usual = float(np.median(own))
    spread = max(usual - float(np.quantile(own, _BELOW)), _LEAST_SPREAD)
    return np.clip(own - among, _LOWEST, _HIGHEST), np.clip((own - usual) / spread, _LOWEST, _MOST_SPREADS)


def costs_of(found: Differences, is_played: NDArray[np.bool_]) -> Costs:
    """Return the cost of each bar of each take.

    Parameters
    ----------
    is_played : bool, shape (takes, bars)
    """
    weights = ONE_TRACK if len(found.more[LEVEL.name]) == 1 else SEVERAL_TRACKS
    parts: dict[tuple[str, str], Values] = {}
    for (name, way, against), values in deviations(found).items():
        weighted = weights.of.get((name, way, against), 0.0) * values
        parts[name, way] = parts.get((name, way), 0.0) + weighted
    stacked = np.stack(list(parts.values()))
    odds = weights.offset + odds_of(stacked.sum(axis=0))
    words = np.array([_WORDS[name] for name in parts])[stacked.max(axis=1).argmax(axis=0)]
    return Costs(
        np.where(is_played, 1.0 / (1.0 + np.exp(-odds)), 1.0),
        np.where(is_played, np.logaddexp(0.0, odds), UNPLAYED),
        words,
        weights.price,
    )
