"""How well speech becomes text: words, their edges, repeated sentences and hesitations.

Baselines: the recogniser alone over the whole recording; of repeated sentences, equal first three words after
a rest; of hesitations, those that the recogniser writes. Limits were chosen on the English voice, not on the
Italian, Spanish and French ones, and on other files of the hesitating speakers. Hesitations are made, see
`engine.lab.evaluation.words.made`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import SourceError
from engine.core.files.safe_write import shown
from engine.core.progress import SILENT, Progress
from engine.document.analysis import WORDS, Transcript
from engine.document.state import DocumentState
from engine.features.words.fillers import FILLERS, FillersSettings
from engine.features.words.model import require_model
from engine.features.words.recogniser import Recogniser
from engine.features.words.retakes import RetakesSettings, attempts_in
from engine.features.words.transcribe import transcribed
from engine.lab.evaluation.apart.set_apart import PROMPTS, RATE_HZ
from engine.lab.evaluation.words.made import (
    CLOSE_PAUSES_S,
    KINDS,
    SENTENCE_S,
    SHORT_PAUSES_S,
    VOICES,
    Passage,
    Recording,
    hesitating,
    prompts,
    read_prompts,
    repeated_sentences,
    single_words,
    without_speech,
)
from engine.review.finders import FinderRequest

Line = dict[str, str | float | int]
Span = tuple[float, float]
SEED = 62
_NEEDED = ("music", "ambience", "esc50/audio", "speech/commands")
_PAUSES = {"pauses of 0.06 to 0.3 s": SHORT_PAUSES_S, "pauses of 0 to 0.04 s": CLOSE_PAUSES_S}
_RIGHT_S, _REST_S, _WITHIN_S, _FIRST_WORDS = 0.35, 0.15, 60.0, 3
_HESITATING = 0.35
_BELOW_TWENTY = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
    *("twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


@dataclass(frozen=True, slots=True)
class _Amounts:
    """The amount of material: prompts, excerpts a kind, groups and sentences a language, speakers."""

    languages: tuple[str, ...] = tuple(VOICES)

    prompts: int | None = None
    excerpts: int = 10
    groups: int = 30
    sentences: int = 60
    speakers: int = 120


_SHORT = _Amounts(("en", "it"), 4, 1, 1, 2, 3)


def evaluate(
    data_dir: Path,
    model: Path | None = None,
    *,
    short: bool = False,
    sounds: Path = PROMPTS,
    progress: Progress = SILENT,
) -> Iterator[Line]:
    """Yield errors of words, words without speech, edges, repeated sentences and made hesitations.

    Parameters
    ----------
    data_dir : folder with the folders in `_NEEDED`
    model : folder of a model of faster-whisper; by default the installed one
    short : a few recordings only, in English and Italian
    sounds : folder of the professional voices

    Raises
    ------
    UsageError : packages of prompts, the recogniser or the model are missing
    SourceError : recordings are missing
    Cancelled : the user asked for it
    """
    if missing := [name for name in _NEEDED if not (data_dir / name).is_dir()]:
        raise SourceError(f"{shown(data_dir)} has no folder {missing[0]}: name the folder that has it.")
    amounts = _SHORT if short else _Amounts()
    for language in amounts.languages:
        prompts(language, (".",), SENTENCE_S, sounds)
    folder = require_model(model)
    recogniser = Recogniser(folder)
    runs = (_Run(folder, recogniser, progress.step(number, 5)) for number in range(5))
    yield from _prompt_lines(next(runs), sounds, amounts.prompts)
    yield from _without_speech_lines(next(runs), data_dir, amounts.excerpts)
    yield from _edge_lines(next(runs), sounds, amounts)
    yield from _repeated_lines(next(runs), sounds, amounts)
    yield from _hesitation_lines(next(runs), data_dir, amounts.speakers)


@dataclass(frozen=True, slots=True)
class _Run:
    """A model, its recogniser by itself, and the progress of a part of the evaluation."""

    model: Path
    recogniser: Recogniser
    progress: Progress

    def transcript(self, recording: Recording, language: str = "en") -> Transcript:
        """Transcribe a recording as the product does."""
        self.progress.check_cancelled()
        samples = recording.samples[:, np.newaxis]

        def read(start: int, stop: int) -> NDArray[np.float32]:
            return samples[start:stop]

        return transcribed(read, len(samples), RATE_HZ, self.model, language, self.progress)

    def alone(self, recording: Recording, language: str = "en") -> list[Passage]:
        """Return the words of the recogniser over the whole recording, with its own edges."""
        self.progress.check_cancelled()
        self.recogniser.language = language
        words = self.recogniser.words(recording.samples)
        return [Passage(one.text, one.start_s, one.stop_s) for one in words]


def words_of(transcript: Transcript) -> list[Passage]:
    """Return the words of a transcript with times in seconds."""
    spans = (transcript.spans_samples / RATE_HZ).tolist()
    return [Passage(text, *span) for text, span in zip(transcript.texts, spans, strict=True)]


def compared_words(text: str) -> list[str]:
    """Return the English words of a text in one form: small letters, digits, single letters together."""
    plain = re.sub(r"[^a-z0-9']+", " ", text.lower().replace("’", "'"))
    tens = "|".join(_TENS)
    units = "|".join(_BELOW_TWENTY[1:10])
    plain = re.sub(
        rf"\b({tens}) ({units})\b",
        lambda found: str(10 * _TENS.index(found[1]) + 20 + _BELOW_TWENTY.index(found[2])),
        plain,
    )
    numbers = {name: str(number) for number, name in enumerate(_BELOW_TWENTY)}
    numbers |= {name: str(10 * number) for number, name in enumerate(_TENS, 2)}
    plain = " ".join(numbers.get(word, word) for word in plain.split())
    return re.sub(r"(?<=\b\w) (?=\w\b)", "", plain).split()


def word_errors(spoken: Sequence[str], found: Sequence[str]) -> int:
    """Count the words to replace, add or leave out (edit distance, Levenshtein 1966)."""
    row = list(range(len(found) + 1))
    for number, word in enumerate(spoken, 1):
        before, row = row, [number]
        for place, other in enumerate(found):
            row.append(min(before[place + 1] + 1, row[place] + 1, before[place] + (word != other)))
    return row[-1]


def _prompt_lines(run: _Run, sounds: Path, count: int | None) -> Iterator[Line]:
    shares, errors, alone, total = list[float](), 0, 0, 0
    for recording in read_prompts(count, SEED, sounds):
        spoken = compared_words(" ".join(one.text for one in recording.truth))
        words = words_of(run.transcript(recording))
        errors += word_errors(spoken, compared_words(" ".join(one.text for one in words)))
        others = " ".join(one.text for one in run.alone(recording))
        alone += word_errors(spoken, compared_words(others))
        total += len(spoken)
        shares += _shares(recording.truth, words)
    metric = "word errors, English prompts"
    yield {"metric": metric, "value": errors / total, "recogniser alone": alone / total, "n": total}
    for name, percent in (("median", 50), ("worst decile", 90)):
        value = float(np.percentile(shares, percent))
        yield {"metric": f"word errors a prompt, {name}", "value": value, "n": len(shares)}


def _shares(truth: Sequence[Passage], words: Sequence[Passage]) -> Iterator[float]:
    """Yield the share of wrong words of each prompt; a word belongs to the nearest one."""
    spans = np.array([one[1:] for one in truth])
    found = [list[str]() for _ in truth]
    for text, start_s, stop_s in words:
        middle_s = (start_s + stop_s) / 2.0
        away_s = np.maximum(spans[:, 0] - middle_s, middle_s - spans[:, 1])
        found[int(away_s.argmin())].append(text)
    for one, texts in zip(truth, found, strict=True):
        spoken = compared_words(one.text)
        yield word_errors(spoken, compared_words(" ".join(texts))) / len(spoken)


def _without_speech_lines(run: _Run, data_dir: Path, count: int) -> Iterator[Line]:
    for kind in KINDS:
        recording = without_speech(data_dir, kind, count, SEED)
        each = 600.0 * RATE_HZ / len(recording.samples)
        yield {
            "metric": f"words in {kind}, in 10 minutes",
            "value": len(run.transcript(recording)) * each,
            "recogniser alone": len(run.alone(recording)) * each,
            "n": count,
        }


def _edge_lines(run: _Run, sounds: Path, amounts: _Amounts) -> Iterator[Line]:
    for language in amounts.languages:
        for name, pauses_s in _PAUSES.items():
            recording = single_words(language, pauses_s, amounts.groups, SEED, sounds)
            ours = edge_errors_ms(recording.truth, words_of(run.transcript(recording, language)))
            alone = edge_errors_ms(recording.truth, run.alone(recording, language))
            for figure, percent in (("median", 50), ("p90", 90)):
                yield {
                    "metric": f"edges of words, {language}, {name}, {figure} ms",
                    "value": _percentile(ours, percent),
                    "recogniser alone": _percentile(alone, percent),
                    "n": len(ours),
                    "of": 2 * len(recording.truth),
                }


def edge_errors_ms(truth: Sequence[Passage], words: Sequence[Passage]) -> list[float]:
    """Return the errors of both edges of each spoken word, in ms, without words that were not recognised.

    A recognised word belongs to the spoken one in which its middle is.
    """
    errors = list[float]()
    for _, start_s, stop_s in truth:
        inside = [one for one in words if start_s < (one.start_s + one.stop_s) / 2.0 < stop_s]
        if inside:
            errors += [abs(inside[0].start_s - start_s), abs(inside[-1].stop_s - stop_s)]
    return [1000.0 * error for error in errors]


def _percentile(values: Sequence[float], percent: float) -> float:
    return float(np.percentile(values, percent)) if values else float("nan")


def _repeated_lines(run: _Run, sounds: Path, amounts: _Amounts) -> Iterator[Line]:
    for place, language in enumerate(amounts.languages):
        files = prompts(language, (".",), SENTENCE_S, sounds)
        order = np.random.default_rng([SEED, place]).permutation(len(files))[: amounts.sentences]
        recording = repeated_sentences([files[number] for number in order], SEED + place)
        transcript = run.transcript(recording, language)
        starts_s = transcript.spans_samples[:, 0] / RATE_HZ
        groups = attempts_in(transcript, RATE_HZ, RetakesSettings.model_validate({}), run.progress)
        ours = [(float(starts_s[one.starts[0]]), float(starts_s[one.starts[-1]])) for one in groups]
        spans = {"value": ours, "first three words": equal_beginnings(words_of(transcript))}
        minutes = len(recording.samples) / RATE_HZ / 60.0
        by = {name: repeated_figures(recording.truth, found, minutes) for name, found in spans.items()}
        for figure in by["value"]:
            line: Line = {name: figures[figure] for name, figures in by.items()}
            metric = f"repeated sentences, {language}: {figure}"
            yield {"metric": metric, **line, "n": len(recording.truth)}


def equal_beginnings(words: Sequence[Passage]) -> list[Span]:
    """Return spans from a beginning to the last one with the same first three words, each within a minute."""
    texts = [re.sub(r"\W", "", one.text.casefold()) for one in words]
    begins = [
        place
        for place, one in enumerate(words)
        if place == 0 or one.start_s - words[place - 1].stop_s >= _REST_S
    ]
    groups: list[list[Passage]] = []
    group_of: dict[tuple[str, ...], list[Passage]] = {}
    for place in begins:
        group = group_of.get(phrase := tuple(texts[place : place + _FIRST_WORDS]), [])
        if group and words[place].start_s - group[-1].start_s <= _WITHIN_S:
            group.append(words[place])
        else:
            group_of[phrase] = [words[place]]
            groups.append(group_of[phrase])
    return [(group[0].start_s, group[-1].start_s) for group in groups if len(group) > 1]


def repeated_figures(truth: Sequence[Passage], found: Sequence[Span], minutes: float) -> dict[str, float]:
    """Compute the recall of repeated sentences, and the others found in 10 minutes.

    One is right if both ends are within 0.35 s; false is one where no attempt is.
    """
    spans, places = _table(found)[:, np.newaxis], _table([one[1:] for one in truth])
    is_right = np.abs(spans - places).max(axis=-1) < _RIGHT_S
    meets = np.minimum(spans[..., 1], places[:, 1]) > np.maximum(spans[..., 0], places[:, 0])
    false = int((~meets.any(axis=1)).sum())
    others = int((~is_right.any(axis=1)).sum()) - false
    return {
        "recall": float(is_right.any(axis=0).mean()) if truth else float("nan"),
        "false in 10 minutes": false * 10.0 / minutes,
        "with other ends in 10 minutes": others * 10.0 / minutes,
    }


def _table(spans: Sequence[Span]) -> NDArray[np.float64]:
    return np.array(spans, np.float64).reshape(-1, 2)


def _shared_s(one: Span, other: Span) -> float:
    return max(0.0, min(one[1], other[1]) - max(one[0], other[0]))


def _hesitation_lines(run: _Run, data_dir: Path, count: int) -> Iterator[Line]:
    files = sorted((data_dir / "speech" / "commands").glob("*.flac"))
    files = files[1::2]  # settings were chosen on the others
    files = [files[place] for place in np.random.default_rng(SEED).permutation(len(files))[:count]]
    recording, fluent = hesitating(files, _HESITATING, SEED), hesitating(files, 0.0, SEED)
    hours = len(fluent.samples) / RATE_HZ / 3600.0
    transcripts = run.transcript(recording), run.transcript(fluent)
    lines: dict[str, Line] = {}
    for method, has_sounds in (("value", True), ("words alone", False)):
        cuts, false = (_filler_cuts(one, has_sounds=has_sounds) for one in transcripts)
        figures = hesitation_figures(recording, cuts)
        for name, value in {**figures, "false in an hour of fluent speech": len(false) / hours}.items():
            line = lines.setdefault(name, {"metric": f"made hesitations: {name}"})
            line[method] = value
    for line in lines.values():
        yield {**line, "n": len(recording.truth)}


def _filler_cuts(transcript: Transcript, *, has_sounds: bool) -> list[Span]:
    """Return the cuts of the finder of fillers, without repeated words, in seconds."""
    settings = FillersSettings.model_validate({"sounds": has_sounds, "repeated": False})
    state = DocumentState(rate_hz=RATE_HZ)
    request = FinderRequest("fillers", "fillers", state, {}, {WORDS: transcript}, settings)
    found = FILLERS.find(request, SILENT).proposals
    return [(one.start_samples / RATE_HZ, one.stop_samples / RATE_HZ) for one in found]


def hesitation_figures(recording: Recording, cuts: Sequence[Span]) -> dict[str, float]:
    """Compute precision, recall and F of cuts, and the share of sounding speech that they cut.

    A hesitation is found and a cut is right if the cut has more than half of the hesitation.
    """
    found = [
        [_shared_s(cut, one[1:]) > 0.5 * (one.stop_s - one.start_s) for cut in cuts]
        for one in recording.truth
    ]
    recall = float(np.mean([any(row) for row in found])) if found else float("nan")
    precision = (
        float(np.mean([any(column) for column in zip(*found, strict=True)]))
        if cuts and found
        else float("nan")
    )
    both = 2.0 * precision * recall / (precision + recall) if cuts and precision + recall else 0.0
    spoken_s = sum(one.stop_s - one.start_s for one in recording.spoken)
    cut_s = sum(_shared_s(cut, one[1:]) for cut in cuts for one in recording.spoken)
    return {
        "precision": precision,
        "recall": recall,
        "F": both,
        "share of sounding speech cut": cut_s / spoken_s,
    }
