"""Made speech has words, attempts and hesitations where its truth states them, and figures count right."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from engine.core.errors import SourceError, UsageError
from engine.lab.evaluation.apart.set_apart import RATE_HZ, Samples
from engine.lab.evaluation.words.made import (
    HESITATIONS,
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
    texts_of_prompts,
    without_speech,
)
from engine.lab.evaluation.words.words import (
    compared_words,
    edge_errors_ms,
    equal_beginnings,
    evaluate,
    hesitation_figures,
    repeated_figures,
    word_errors,
)

FRAME = RATE_HZ // 50


def voice(seconds: float, seed: int) -> Samples:
    """Return a made voice: a vowel of 120 Hz whose loudness changes, and a pause of 0.2 s in the middle."""
    rng = np.random.default_rng(seed)
    times = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    vowel = sum(np.sin(2 * np.pi * 120 * number * times) / number for number in range(1, 20))
    knots = np.arange(0.0, seconds + 0.3, 0.15)
    loudness = np.interp(times, knots, rng.uniform(0.1, 1.0, len(knots)))
    made = 0.2 * vowel * loudness + 1e-4 * rng.standard_normal(len(times))
    middle = len(made) // 2
    made[middle : middle + RATE_HZ // 5] *= 1e-3
    return np.asarray(made, np.float32)


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder laid out as that of the packages: eight sentences and four words of each voice."""
    folder = tmp_path_factory.mktemp("sounds")
    for number, name in enumerate(VOICES.values()):
        (folder / name / "digits").mkdir(parents=True)
        for place in range(8):
            sentence = voice(3.0 + 0.2 * place, 10 * number + place)
            soundfile.write(folder / name / f"sentence-{place}.wav", sentence, RATE_HZ)
        for place in range(4):
            word = np.pad(voice(0.8, place)[: RATE_HZ // 3], 2000)
            soundfile.write(folder / name / "digits" / f"{place}.wav", word, RATE_HZ)
    return folder


def sentences(sounds: Path) -> list[Path]:
    return prompts("it", (".",), SENTENCE_S, sounds)


def samples_of(recording: Recording, start_s: float, stop_s: float) -> Samples:
    return recording.samples[round(start_s * RATE_HZ) : round(stop_s * RATE_HZ)]


def level(samples: Samples) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))


def envelope(samples: Samples, rate: float = 1.0) -> NDArray[np.float64]:
    """Return the loudness each 20 ms of the time at another rate."""
    frames = samples[: len(samples) // 80 * 80].reshape(-1, 80).astype(np.float64)
    loudness = np.sqrt(np.convolve((frames**2).mean(axis=1), np.ones(10) / 10.0, "valid"))
    return np.interp(np.arange(0.0, len(loudness) - 1, 4.0 * rate), np.arange(len(loudness)), loudness)


def likeness(one: Samples, two: Samples) -> float:
    """Return the highest correlation of two envelopes from their starts, at rates up to 6.5 % apart."""
    best = -1.0
    first = envelope(one)
    for rate in np.linspace(0.935, 1.065, 27):
        second = envelope(two, float(rate))
        count = min(len(first), len(second)) - 2
        best = max(best, float(np.corrcoef(first[:count], second[:count])[0, 1]))
    return best


def test_prompts_are_where_the_truth_states_them(sounds: Path) -> None:
    recording = single_words("es", SHORT_PAUSES_S, 2, 0, sounds)
    assert {one.text for one in recording.truth} <= {"0", "1", "2", "3"}
    for before, after in zip(recording.truth, recording.truth[1:], strict=False):
        assert after.start_s - before.stop_s >= SHORT_PAUSES_S[0] - 1e-3
        assert level(samples_of(recording, before.stop_s, after.start_s)) < 2e-3
    for _, start_s, stop_s in recording.truth:
        assert level(samples_of(recording, start_s, start_s + 0.02)) > 0.01
        assert level(samples_of(recording, stop_s - 0.02, stop_s)) > 0.01
        assert stop_s - start_s == pytest.approx(1 / 3, abs=0.02)


def test_attempts_are_the_beginning_of_the_sentence_that_follows(sounds: Path) -> None:
    recording = repeated_sentences(sentences(sounds), 2)
    assert 3 <= len(recording.truth) < 8
    lasts = [samples_of(recording, one.stop_s, one.stop_s + 2.0) for one in recording.truth]
    for (_, start_s, stop_s), last in zip(recording.truth, lasts, strict=True):
        attempt = samples_of(recording, start_s, start_s + 0.85)
        assert likeness(attempt, last) > 0.95
        assert all(likeness(attempt, other) < 0.9 for other in lasts if other is not last)
        assert level(attempt) / level(last[: len(attempt)]) == pytest.approx(1.0, abs=1.7)  # -8 to +8 dB
        assert level(samples_of(recording, stop_s - 0.3, stop_s)) < 5e-3  # a pause before it is said again


def test_the_same_seed_makes_the_same_recording(sounds: Path) -> None:
    one, two = (repeated_sentences(sentences(sounds), 2) for _ in range(2))
    np.testing.assert_array_equal(one.samples, two.samples)
    assert one.truth == two.truth


def test_hesitations_are_steady_sounds_between_pauses(sounds: Path) -> None:
    recording = hesitating(sentences(sounds), 0.8, 1)
    assert {one.text for one in recording.truth} == set(HESITATIONS)
    for kind, start_s, stop_s in recording.truth:
        assert 0.2 < stop_s - start_s < 0.62
        inside = level(samples_of(recording, start_s, stop_s))
        assert inside > 20 * level(samples_of(recording, start_s - 0.05, start_s - 0.005))
        assert inside > 20 * level(samples_of(recording, stop_s + 0.005, stop_s + 0.05))
        spectrum = np.abs(np.fft.rfft(samples_of(recording, stop_s - 0.12, stop_s - 0.06)))
        is_nasal = spectrum[60:].max() < 0.05 * spectrum.max()  # above 1 kHz
        assert is_nasal == (kind != "uh")
    assert not any(
        min(one.stop_s, other.stop_s) > max(one.start_s, other.start_s)
        for one in recording.truth
        for other in recording.spoken
    )


def test_fluent_speech_has_the_same_sentences_and_no_hesitation(sounds: Path) -> None:
    recording = hesitating(sentences(sounds), 0.0, 1)
    assert recording.truth == ()
    assert len(recording.spoken) == 8


def test_what_has_no_speech(tmp_path: Path) -> None:
    silent = without_speech(tmp_path, KINDS[-1], 2, 0)
    assert len(silent.samples) == 30 * RATE_HZ
    assert not silent.samples[: 15 * RATE_HZ].any()
    with pytest.raises(SourceError, match="music"):
        without_speech(tmp_path, "music", 1, 0)


def test_texts_have_no_tones(tmp_path: Path) -> None:
    path = tmp_path / "texts.gz"
    path.write_bytes(
        gzip.compress(b"; Title\n\nbeep: [a tone]\nsilence/1: (1 second)\nvm-one: Press 1, please.\n")
    )
    assert texts_of_prompts(path) == {"vm-one": "Press 1, please."}


def test_prompts_of_three_words_are_read(tmp_path: Path, sounds: Path) -> None:
    path = tmp_path / "texts.gz"
    lines = (f"sentence-{place}: this is number {place}" for place in range(7))
    path.write_bytes(
        gzip.compress("\n".join([*lines, "sentence-7: ... short ...", "other: not a file"]).encode())
    )
    [recording] = read_prompts(None, 0, sounds, path)
    assert sorted(one.text[-1] for one in recording.truth) == [*"0123456"]
    for _, start_s, stop_s in recording.truth:
        assert level(samples_of(recording, start_s - 0.3, start_s)) < 1e-3
        assert level(samples_of(recording, start_s, stop_s)) > 0.02


def test_missing_packages_are_named(tmp_path: Path) -> None:
    for name in ("music", "ambience", "esc50/audio", "speech/commands"):
        (tmp_path / name).mkdir(parents=True)
    with pytest.raises(UsageError, match=r"asterisk-core-sounds-en and -en-wav, .*-it-wav.*\.$"):
        next(evaluate(tmp_path, sounds=tmp_path))
    with pytest.raises(UsageError, match=r"asterisk-core-sounds-en\.$"):
        texts_of_prompts(tmp_path / "texts.gz")


def test_missing_recordings_are_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="music"):
        next(evaluate(tmp_path))


@pytest.mark.parametrize(
    ("spoken", "found", "errors"),
    [
        ("Press one, please.", "press 1 please", 0),
        ("Dial twenty-eight.", "Dial 28", 0),
        ("The M I S D N channel", "the MISDN channel", 0),
        ("1, 2, 3, 4", "1234", 0),
        ("don’t hang up", "Don't hang up!", 0),
        ("one two words", "one two other words", 1),
        ("one of the words", "one the word", 2),
        ("", "text over silence", 3),
        ("three words lost", "", 3),
    ],
)
def test_word_errors(spoken: str, found: str, errors: int) -> None:
    assert word_errors(compared_words(spoken), compared_words(found)) == errors


def test_edges_are_compared_with_the_word_in_which_the_middle_is() -> None:
    truth = [Passage("a", 0.0, 1.0), Passage("b", 1.1, 2.0), Passage("c", 3.0, 4.0)]
    words = [Passage("a", 0.01, 0.4), Passage("a", 0.5, 0.98), Passage("b", 1.2, 2.1)]
    assert edge_errors_ms(truth, words) == pytest.approx([10.0, 20.0, 100.0, 100.0])


def test_repeated_sentences_are_right_false_or_have_other_ends() -> None:
    truth = [Passage("", 1.0, 4.0), Passage("", 10.0, 15.0)]
    found = [(1.2, 3.8), (10.0, 13.0), (20.0, 22.0)]
    assert repeated_figures(truth, found, 5.0) == {
        "recall": 0.5,
        "false in 10 minutes": 2.0,
        "with other ends in 10 minutes": 2.0,
    }
    assert repeated_figures(truth, [], 5.0)["recall"] == 0.0


def test_equal_beginnings_follow_rests_within_a_minute() -> None:
    texts = "we went to / We went to the / we went, to the door / he went to the door / we went to the"
    words, now_s = list[Passage](), 0.0
    for phrase in texts.split(" / "):
        for text in phrase.split():
            words.append(Passage(text, now_s, now_s + 0.3))
            now_s += 0.3
        now_s += 70.0 if phrase.startswith("he") else 0.5
    assert equal_beginnings(words) == [(pytest.approx(0.0), pytest.approx(words[7].start_s))]


def test_cuts_of_hesitations_include_pauses_and_may_cut_speech() -> None:
    truth = Passage("um", 1.0, 1.4), Passage("uh", 3.0, 3.5)
    recording = Recording(np.zeros(0, np.float32), truth, (Passage("", 0.0, 0.9), Passage("", 4.0, 5.1)))
    figures = hesitation_figures(recording, [(0.8, 1.4), (2.0, 2.5)])
    assert figures == pytest.approx(
        {"precision": 0.5, "recall": 0.5, "F": 0.5, "share of sounding speech cut": 0.05}
    )
    assert hesitation_figures(recording, [])["F"] == 0.0
