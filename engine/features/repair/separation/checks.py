"""Refuse prompts that cannot be separated, and results that are not credible: one rule for every surface.

A prompt must name a known sound, and that sound must be likely in a window. The detector rates how well
words match the sound, the network the share of the window that they cover; a logistic regression, fitted by
`engine.lab.evaluation.separation.presence`, joins them. Speech is detected by the network that separates it.
The forecast of a result is made with it (`engine.features.repair.separation.blend`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from engine.analysis.detection.detector import CONTEXT_S, OTHER_SOUND, detector, name_words
from engine.analysis.detection.spectra import MEL, Spectra
from engine.analysis.learning.loop import few_threads
from engine.analysis.sound_names.prompts import known_sounds, require_understood, require_words, separable
from engine.analysis.sound_names.vocabulary import without_not
from engine.core.errors import NotCredibleError, SoundNotFoundError
from engine.core.progress import SILENT, Progress
from engine.core.side_by_side import in_groups
from engine.features.repair.separation.network import (
    inside_frames,
    network_separator,
    speech_separator,
    whole_windows_s,
)
from engine.features.repair.separation.outcome import outcome_of
from engine.features.repair.separation.plain import FactorSeparator, SubtractionSeparator, shares_in_bands
from engine.features.repair.separation.registry import SEPARATORS, is_speech
from engine.features.repair.separation.separate import Asked, Recording, neighbourhoods, remembering
from engine.features.repair.separation.separator import Mode, Prompt, Separator, Stretch, masked, prompts_of
from engine.features.repair.separation.settings import DEFAULT, LEAST_PROBABILITY

Floats = NDArray[np.float32]


Window = tuple[int, int]


def credible_windows(
    recording: Recording, windows: Sequence[Window], wanted: Asked, separator: Separator
) -> tuple[Window, ...]:
    """Return the windows expected to be at least as good as the recording; all if masks are painted.

    Windows are judged as they are separated: together, so that none counts as the surroundings of another. If
    some are left out, the others are judged again.

    Parameters
    ----------
    separator : asked again for the same by `separate`; one that remembers answers at once

    Raises
    ------
    NotCredibleError : no window qualifies
    """
    left = tuple(windows)
    while wanted.is_judged and not wanted.paint:
        refusals = _refusals(recording, left, wanted, separator)
        credible = tuple(window for window in left if window not in refusals)
        if not credible:
            raise refusals[left[0]]
        if credible == left:
            break
        left = credible
    return left


def _refusals(
    recording: Recording, windows: Sequence[Window], wanted: Asked, separator: Separator
) -> dict[Window, NotCredibleError]:
    """Return the windows with a piece that may be worse than the recording, and why."""

    def refusal(near: tuple[Stretch, tuple[Window, ...]]) -> dict[Window, NotCredibleError]:
        stretch, inside = near
        try:
            outcome_of(stretch, wanted.prompts, separator).require_credible(wanted.prompts, wanted.mode)
        except NotCredibleError as error:
            return dict.fromkeys(inside, error)
        return {}

    with few_threads():
        found = list(in_groups(refusal, neighbourhoods(recording, windows)))
    return {window: error for refused in found for window, error in refused.items()}


FEATURES = 13
_STEPS = 2
_MARGIN_FRAMES = 8
_LEAST = 1e-3
_MEANS = (
    *(-4.2119, -6.2761, -4.2994, -6.1126, -1.6379, -0.9561, 0.5892, -1.0324),
    *(-1.8217, -2.1021, -4.1058, 0.7931, 0.8161),
)
_WEIGHTS = (
    *(0.1824, 0.1387, -0.0498, 0.2382, -0.2938, 0.9289, 1.1715, -0.331),
    *(0.3979, 0.0483, -0.1077, -1.1504, 1.672),
)
_OFFSET = -0.7177


def probabilities(stretch: Stretch, prompts: Sequence[Prompt]) -> NDArray[np.float64]:
    """Return the probability of each prompt in the likeliest window of a segment, shape (prompts,).

    Parameters
    ----------
    stretch : the windows that reach beyond it do not count
    prompts : words

    Raises
    ------
    OffcutError : weights are missing or damaged
    """
    spoken = np.array([is_speech(prompt) for prompt in prompts])
    found = np.zeros(len(prompts))
    if spoken.any():
        found[spoken] = speech_separator().probabilities(stretch).max(initial=0.0)
    if not spoken.all():
        others = [prompt for prompt, is_spoken in zip(prompts, spoken, strict=True) if not is_spoken]
        found[~spoken] = (1.0 / (1.0 + np.exp(-odds_of(features(stretch, others))))).max(axis=0, initial=0.0)
    return found


def odds_of(measures: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log odds that follow from `features`, shape (windows, prompts)."""
    return np.asarray((measures - np.array(_MEANS)) @ np.array(_WEIGHTS) + _OFFSET)


def features(stretch: Stretch, prompts: Sequence[Prompt]) -> NDArray[np.float64]:
    """Return the measures that the probability follows from, shape (windows, prompts, FEATURES).

    Of the recording, and of the parts louder than its surroundings: log odds of the prompt, and their
    distance from those of all names of other sounds. Of the mask of the prompt: the share of the window's
    power that it covers, the same compared with all new sounds there, its highest shares and its fullest
    moment; its overlap with the new sounds of NMF and of the network without words, and its part outside
    NMF's; its correlation over time with both.

    The windows of a segment have common surroundings, which are analysed once.
    """
    vectors = np.stack([prompt.vector for prompt in prompts])
    spans = [(_sample(start_s), _sample(stop_s)) for start_s, stop_s in whole_windows_s(stretch)]
    detected = [_detected(stretch.samples, spans, vectors), _detected(_louder(stretch), spans, vectors)]
    return np.concatenate([*detected, _covered(stretch, prompts)], axis=2)


def _louder(stretch: Stretch) -> Floats:
    """Return the parts of windows that are louder than around them, shape (frames,); silence elsewhere."""
    above = SubtractionSeparator().masks(stretch, prompts_of(()))[0]
    margin = _MARGIN_FRAMES * MEL.hop_samples
    found = np.zeros_like(stretch.samples)
    for start_s, stop_s in stretch.windows_s:
        start, stop = (min(max(0, _sample(each)), len(found)) for each in (start_s, stop_s))
        first = max(0, start // MEL.hop_samples * MEL.hop_samples - margin)
        around = stretch.samples[first : stop + margin, None]
        louder = masked(around, MEL.rate_hz, above.from_later(first / MEL.rate_hz), Mode.KEEP)[:, 0]
        found[start:stop] = louder[start - first : stop - first]
    return found


def _sample(time_s: float) -> int:
    return round(time_s * MEL.rate_hz)


def _detected(samples: Floats, spans: Sequence[tuple[int, int]], vectors: Floats) -> NDArray[np.float64]:
    """Return the highest log odds of each prompt in each span, and how far above other names they are.

    Spans whose contexts overlap are analysed together.

    Returns
    -------
    measures : shape (spans, prompts, 2)
    """
    reach = round(CONTEXT_S * MEL.rate_hz)
    padded = np.pad(samples, reach)
    names = name_words()
    is_other = vectors @ names.T < OTHER_SOUND
    found = []
    for group in _close(spans, reach):
        first = group[0][0]
        heard = detector().analysed([padded[first : group[-1][1] + 2 * reach]])
        for start, stop in group:
            steps = heard.within(CONTEXT_S + (start - first) / MEL.rate_hz, stop - start).vectors
            means = np.stack([steps[at : at + _STEPS].mean(axis=0) for at in range(max(1, len(steps) - 1))])
            means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
            odds = detector().odds(means, np.concatenate([vectors, names])).max(axis=0)
            own, others = odds[: len(vectors)], odds[len(vectors) :]
            above = [
                each - np.logaddexp.reduce(others[other]) for each, other in zip(own, is_other, strict=True)
            ]
            found.append(np.stack([own, np.array(above)], axis=1))
    return np.stack(found).astype(np.float64) if found else np.zeros((0, len(vectors), 2))


def _close(spans: Sequence[tuple[int, int]], reach: int) -> list[list[tuple[int, int]]]:
    """Group spans in the order of time: neighbours in a group are at most the reach apart."""
    groups: list[list[tuple[int, int]]] = []
    for span in spans:
        if groups and span[0] - groups[-1][-1][1] <= reach:
            groups[-1].append(span)
        else:
            groups.append([span])
    return groups


def _covered(stretch: Stretch, prompts: Sequence[Prompt]) -> NDArray[np.float64]:
    """Return the coverage of each window by the masks of prompts and of new sounds.

    Returns
    -------
    measures : shape (windows, prompts, 9)
    """
    anything = prompts_of(())
    masks = remembering(network_separator()).masks(stretch, (*prompts, *anything))
    with torch.inference_mode():
        spectra = Spectra()
        spectrum = spectra.spectrum(torch.tensor(stretch.samples)[None])
        power = spectra.power(spectrum)[0].numpy()
        bins = (spectrum.real.square() + spectrum.imag.square())[0].T.numpy()
        bank = spectra.bank.numpy()
    factors = remembering(FactorSeparator()).masks(stretch, anything)[0].shares
    new = shares_in_bands(factors, bins, power, bank)
    shares = np.stack([mask.shares for mask in masks])
    found = [np.zeros((0, len(prompts), FEATURES - 4))]
    for window_s in whole_windows_s(stretch):
        inside = inside_frames((window_s,), len(power)).numpy()
        found.append(_coverage(shares[:, inside], new[inside], power[inside])[None])
    return np.concatenate(found)


def _coverage(shares: Floats, new: Floats, sounding: Floats) -> NDArray[np.float64]:
    """Return measures of one window, shape (prompts, 9).

    Parameters
    ----------
    shares : of the prompts, and of all new sounds, by the network, shape (prompts + 1, frames, bands)
    new : shares of new sounds by NMF, shape (frames, bands)
    sounding : mel power, shape (frames, bands)
    """
    covered = _logarithm_of_share(shares, sounding)
    own = shares[:-1]
    return np.stack(
        [
            covered[:-1],
            covered[:-1] - covered[-1],
            np.quantile(own, 0.95, axis=(1, 2)),
            np.log(own.mean(axis=2).max(axis=1) + _LEAST),
            _logarithm_of_share(own * new, sounding),
            _logarithm_of_share(own * shares[-1], sounding),
            _logarithm_of_share(own * (1.0 - new), sounding),
            _likeness(own, new, sounding),
            _likeness(own, shares[-1], sounding),
        ],
        axis=1,
    ).astype(np.float64)


def _logarithm_of_share(shares: Floats, power: Floats) -> NDArray[np.float64]:
    """Return the logarithm of the share of power that each mask covers, shape (masks,)."""
    covered = (shares * power).sum(axis=(1, 2)) / max(float(power.sum()), 1e-12)
    return np.asarray(np.log(covered + _LEAST), np.float64)


def _likeness(shares: Floats, others: Floats, power: Floats) -> NDArray[np.float64]:
    """Return the correlation over time of each mask's power with another mask's, shape (masks,).

    0 where either does not change.
    """
    levels = (np.concatenate([shares, others[None]]) * power).sum(axis=2, dtype=np.float64)
    levels -= levels.mean(axis=1, keepdims=True)
    sizes = np.linalg.norm(levels, axis=1)
    products = levels[:-1] @ levels[-1]
    return np.asarray(products / np.maximum(sizes[:-1] * sizes[-1], 1e-12))


def understood_prompts(texts: Sequence[str], separator: str = DEFAULT) -> tuple[Prompt, ...]:
    """Return the prompts of texts that name sounds which Offcut knows.

    A separator of another package, or one with weights of its own, may know other sounds: of its prompts
    only words without meaning are refused.

    Parameters
    ----------
    separator : name or file of the separator that is asked

    Raises
    ------
    UnknownPromptError : a text does not name a known sound
    UsageError : a text is empty or too long, or there are too many
    """
    prompts = prompts_of(texts)
    known = separable() if separator == DEFAULT else known_sounds()
    require = require_understood if separator in SEPARATORS.own else require_words
    for text in texts:
        require(without_not(" ".join(text.split())), known)
    return prompts


def require_present(
    recordings: Iterable[Recording],
    windows: Sequence[tuple[int, int]],
    prompts: Sequence[Prompt],
    separator: str = DEFAULT,
    progress: Progress = SILENT,
) -> float | None:
    """Return the probability of the least likely of some sounds, and refuse an absent one.

    A sound is present if it is in one of the windows of one of the recordings. Examples and new sounds are
    not checked, nor are sounds to keep if another one is named.

    Parameters
    ----------
    recordings : of one moment, such as the tracks of a document
    windows : as `engine.features.repair.separation.windows.joined` returns them
    separator : name of the separator that is asked; only of prompts for Offcut's own the sounds are known

    Returns
    -------
    probability : 0 to 1; None where nothing was asked about

    Raises
    ------
    SoundNotFoundError : a sound is less likely than `LEAST_PROBABILITY`
    """
    wanted = [prompt for prompt in prompts if not prompt.example and np.any(prompt.vector)]
    wanted = [prompt for prompt in wanted if not prompt.stays] or wanted
    if not wanted or separator not in SEPARATORS.own:
        return None
    highest = np.zeros(len(wanted))
    sounding = (
        stretch
        for recording in recordings
        for stretch, _ in neighbourhoods(recording, windows, pieces_alone=True)
        if np.any(stretch.samples)
    )
    with few_threads():
        for found in in_groups(lambda stretch: probabilities(stretch, wanted), sounding):
            progress.check_cancelled()
            highest = np.maximum(highest, found)
    place = int(highest.argmin())
    if highest[place] < LEAST_PROBABILITY:
        raise SoundNotFoundError(without_not(wanted[place].text), float(highest[place]))
    return float(highest[place])
