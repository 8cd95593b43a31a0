"""Fillers and retakes in made transcripts: the cuts, their order, and what stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from engine.core.progress import SILENT
from engine.core.timebase import s_to_samples
from engine.document.analysis import WORDS, Transcript
from engine.document.document import Document
from engine.document.edits.analyses import known_transcript
from engine.document.edits.tracks import set_track
from engine.document.proposals import Evidence, Proposal
from engine.features.registry import find_edits, request_of
from tests.desktop.documents import make_document
from tests.desktop.features.words.transcripts import GAP_S, RATE_HZ, WORD_S, put_into, transcript_of
from tests.hostile.bad_files import good

STEP = round((WORD_S + GAP_S) * RATE_HZ)
FIRST = round(0.5 * RATE_HZ)


def cuts(path: Path, finder: str, transcript: Transcript, **settings: object) -> Sequence[Proposal]:
    """Return the cuts of a finder in a document of ten seconds with a transcript."""
    put_into(path, transcript)
    with Document.open(path) as document:
        known = {WORDS: document.analysis(WORDS)}
        request = request_of(finder, document.state, {}, known, settings)
        return find_edits(request, SILENT).found.proposals


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    return make_document(tmp_path / "talk.offcut", good(tmp_path / "talk.wav", seconds=20.0), ())


def said(text: str) -> Transcript:
    return transcript_of([("", text)])


def span(first: int, last: int) -> tuple[int, int]:
    """Return the span of words [first, last) of one paragraph."""
    return FIRST + first * STEP, FIRST + (last - 1) * STEP + round(WORD_S * RATE_HZ)


def test_filler_words_are_cut_with_one_of_the_pauses_around_them(talk: Path) -> None:
    [cut] = cuts(talk, "fillers", said("We went, um, home early."))
    assert (cut.start_samples, cut.stop_samples) == (span(2, 3)[0], span(3, 4)[0])
    assert "[um,]" in cut.reason
    assert cut.evidence is Evidence.STRONG


def test_phrases_of_the_user_replace_the_usual_words(talk: Path) -> None:
    found = cuts(talk, "fillers", said("Um, you know, it was, You know? late."), words="you know")
    assert [(one.start_samples, one.stop_samples)[0] for one in found] == [span(1, 2)[0], span(5, 6)[0]]


@pytest.mark.parametrize(
    ("text", "count"),
    [("then the the door", 1), ("it was very very late", 0), ("press 5 5 now", 0), ("Well. Well done", 0)],
)
def test_repeated_words(talk: Path, text: str, count: int) -> None:
    assert len(cuts(talk, "fillers", said(text))) == count
    assert cuts(talk, "fillers", said(text), repeated=False) == ()


def test_hesitations_without_a_word_are_weak_and_need_confidence(talk: Path) -> None:
    words = said("We went home")
    start, stop = span(1, 2)[1] + 100, span(2, 3)[0] - 100
    made = replace(
        words,
        hesitations_samples=np.array([[start, stop], [stop + 4 * STEP, stop + 5 * STEP]]),
        hesitation_scores=np.array([0.9, 0.4], np.float32),
    )
    [cut] = cuts(talk, "fillers", made)
    assert cut.start_samples <= start < stop <= cut.stop_samples
    assert span(1, 2)[1] <= cut.start_samples < cut.stop_samples <= span(2, 3)[0]
    assert cut.evidence is Evidence.WEAK
    assert len(cuts(talk, "fillers", made, sure=0.3)) == 2
    assert cuts(talk, "fillers", made, sounds=False) == ()


def test_a_filler_between_long_pauses_leaves_most_of_them(talk: Path) -> None:
    words = said("We went home")
    far = np.array([[0], [0], [20 * STEP]])
    made = replace(
        words,
        spans_samples=words.spans_samples + far,
        hesitations_samples=np.array([[10 * STEP, 11 * STEP]]),
        hesitation_scores=np.array([0.9], np.float32),
    )
    [cut] = cuts(talk, "fillers", made)
    assert (cut.start_samples, cut.stop_samples) == (10 * STEP - s_to_samples(0.3, RATE_HZ), 11 * STEP)


def test_no_cut_has_an_edge_inside_a_word(talk: Path) -> None:
    transcript = said("So um so um we we went um home uh and the the er dog came")
    spans = transcript.spans_samples
    for cut in cuts(talk, "fillers", transcript):
        for edge in (cut.start_samples, cut.stop_samples):
            assert not ((spans[:, 0] < edge) & (edge < spans[:, 1])).any()


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("Please come to the, Please come to the house today.", 0, 4),
        ("The old house by the river, sorry, The old house by the river burned down.", 0, 7),
        ("We left. We went by, We went by train, We went by train to Rome.", 2, 9),
        ("The committee has decided that we, The committee had decided that we should go.", 0, 6),
        ("My message. My message is short.", 0, 2),
        ("This messes have been marked, This message has been marked as urgent.", 0, 5),
        (
            "Press 1 to send it. If you look for it, press 1 now. If you look for it, press 1 now please.",
            5,
            13,
        ),
        ("You are now at, You are now, You are now at home.", 0, 7),
    ],
)
def test_attempts_before_the_last_one_are_cut(talk: Path, text: str, first: int, last: int) -> None:
    [cut] = cuts(talk, "retakes", said(text))
    assert (cut.start_samples, cut.stop_samples) == (span(first, first + 1)[0], span(last, last + 1)[0])
    [way] = cut.alternatives
    assert way.start_samples > cut.start_samples


def test_the_next_sentence_that_begins_alike_is_not_another_attempt(talk: Path) -> None:
    text = "Votre message a été saut, votre message a été saut regardé, votre message est,"
    found = cuts(talk, "retakes", said(f"{text} votre message est trop, votre message est trop court."))
    assert [(one.start_samples, one.stop_samples) for one in found] == [
        (span(first, first + 1)[0], span(last, last + 1)[0]) for first, last in ((0, 5), (11, 18))
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Press 1 to hear the menu, Press 2 to hear the news.",
        "We went home. They went out. You stayed here.",
        "It was cold, it rained, and nobody came.",
        "Press nine to hear it, Press 8 to hear it again.",
        "The conference was locked. The conference was extended.",
        "We meet in May and go, to the river. We fly in June and stay, by the sea.",
        "",
    ],
)
def test_lists_and_other_sentences_stay(talk: Path, text: str) -> None:
    assert cuts(talk, "retakes", said(text)) == ()


def test_a_cut_with_an_edge_in_a_sound_is_weak(talk: Path) -> None:
    words = said("We stay. Please come to the, Please come to the house today.")
    [cut] = cuts(talk, "retakes", words)
    assert cut.evidence is Evidence.STRONG
    spans = words.spans_samples.copy()
    spans[5, 1] = spans[6, 0]
    [cut] = cuts(talk, "retakes", replace(words, spans_samples=spans))
    assert cut.evidence is Evidence.WEAK


def test_attempts_that_are_far_apart_stay(talk: Path) -> None:
    text = "Please come to the, Please come to the house today."
    assert cuts(talk, "retakes", said(text), within_s=1.0) == ()


def test_a_transcript_stays_at_another_gain_and_goes_with_its_track(talk: Path) -> None:
    put_into(talk, said("We went home"))
    with Document.open(talk) as document:
        [track] = document.state.tracks
        document.apply(set_track(document.state, track.id, gain_db=-6.0))
        assert known_transcript(document.state, document.analysis(WORDS)) is not None
        moved = replace(track, clips=(replace(track.clips[0], start_samples=99),))
        other = replace(document.state, tracks=(moved,))
        assert known_transcript(other, document.analysis(WORDS)) is None


def test_order_and_apart(talk: Path) -> None:
    found = cuts(talk, "fillers", said("um um um so uh the the um"))
    assert all(one.stop_samples <= two.start_samples for one, two in pairwise(found))
