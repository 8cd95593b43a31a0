"""Turns, questions and sentences of made transcripts, as regions and markers of a document."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.cli.main import main
from engine.core.errors import UsageError
from engine.core.progress import SILENT
from engine.document.analysis import WORDS, Transcript
from engine.document.document import Document
from engine.document.state import Marker
from engine.features.registry import FoundEdits, find_edits, request_of
from tests.desktop.documents import make_document
from tests.desktop.features.words.transcripts import RATE_HZ, put_into, transcript_of
from tests.hostile.bad_files import good

INTERVIEW = (
    ("Ada", "Welcome to the show. Where did you grow up?"),
    ("Ben", "In a small house by the river, with my sister."),
    ("Ada", "Mhm."),
    ("Ben", "And then we moved to Rome. It was loud, you know?"),
    ("Ada", "That sounds like a lot of change."),
    ("Ben", "It really was a lot of it."),
    ("Ada", "I see, thank you. What came next? Did you stay?"),
    ("Ben", "No, we left in March."),
)
AROUND = round(0.3 * RATE_HZ)


def found_in(path: Path, finder: str, transcript: Transcript, **settings: object) -> FoundEdits:
    put_into(path, transcript)
    with Document.open(path) as document:
        known = {WORDS: document.analysis(WORDS)}
        return find_edits(request_of(finder, document.state, {}, known, settings), SILENT)


def markers_of(path: Path, finder: str, transcript: Transcript, **settings: object) -> list[Marker]:
    """Return the markers that a finder adds to a document with a transcript."""
    found = found_in(path, finder, transcript, **settings)
    with Document.open(path) as document:
        before = document.state
        edits = found.edits(document.state)
        for edit, analyses, audio in edits:
            document.apply(edit, analyses, audio)
        markers = list(document.state.markers.values())
        if edits:
            document.undo()
            assert document.state == before, "one step"
    return markers


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    return make_document(tmp_path / "talk.offcut", good(tmp_path / "talk.wav", seconds=60.0), ())


def words(transcript: Transcript, *texts: str) -> tuple[int, int]:
    """Return the span from the first word that is like the first text to the next one like the second."""
    first = list(transcript.texts).index(texts[0])
    last = list(transcript.texts).index(texts[1], first)
    return int(transcript.spans_samples[first, 0]), int(transcript.spans_samples[last, 1])


def spans(markers: Sequence[Marker]) -> list[tuple[int, int]]:
    return [(one.start_samples, one.stop_samples) for one in markers]


def test_turns_are_named_by_speaker_and_first_words(talk: Path) -> None:
    made = transcript_of(INTERVIEW)
    turns = markers_of(talk, "turns", made)
    assert [one.name for one in turns[:2]] == [
        "Ada: Welcome to the show. Where did you grow …",
        "Ben: In a small house by the river, with …",
    ]
    assert [one.name.split(":")[0] for one in turns] == ["Ada", "Ben", "Ada", "Ben", "Ada", "Ben"]
    start, stop = words(made, "In", "know?")
    assert spans(turns)[1] == (start - AROUND, stop + AROUND), "a mhm does not part it"
    every = markers_of(talk, "turns", made, least_s=0.0)
    assert len(every) == len(INTERVIEW)


def test_regions_of_turns_do_not_overlap_and_stay_in_the_recording(talk: Path) -> None:
    close = transcript_of(INTERVIEW)
    starts = np.arange(len(close)) * 2_400
    close = replace(close, spans_samples=np.stack([starts, starts + 2_300], axis=1))
    edges = np.array(spans(markers_of(talk, "turns", close, least_s=0.0)))
    assert (edges[1:, 0] >= edges[:-1, 1]).all()
    assert (edges >= 0).all()


def test_questions_go_to_the_end_of_their_answers(talk: Path) -> None:
    made = transcript_of(INTERVIEW)
    questions = markers_of(talk, "questions", made)
    assert [one.name for one in questions] == ["Where did you grow up?", "What came next? Did you stay?"]
    for one, edges in zip(spans(questions), (("Where", "it."), ("What", "March.")), strict=True):
        start, stop = words(made, *edges)
        assert start - AROUND <= one[0] <= start
        assert one[1] == stop + AROUND


def test_another_speaker_may_ask(talk: Path) -> None:
    [one] = markers_of(talk, "questions", transcript_of(INTERVIEW), asker="Ben")
    assert one.name == "It was loud, you know?"
    with pytest.raises(UsageError, match="Carla"):
        found_in(talk, "questions", transcript_of(INTERVIEW), asker="Carla")


@pytest.mark.parametrize("finder", ["turns", "questions"])
@pytest.mark.parametrize(
    "said", [(), (("", "Who speaks? Nobody knows it."),), (("Ada", "Who speaks here now? Only I do."),)]
)
def test_without_two_speakers_nothing_is_named(
    talk: Path, finder: str, said: Sequence[tuple[str, str]]
) -> None:
    found = found_in(talk, finder, transcript_of(said))
    assert not found.found.regions
    assert found.sentence


def test_sentences_are_marked_at_their_starts(talk: Path) -> None:
    made = transcript_of([("Ada", 'She said "go home." Then it was (rather) late'), ("Ben", "Yes. No.")])
    marked = markers_of(talk, "sentences", made)
    assert [one.name for one in marked] == ['She said "go home."', "Then it was (rather) late", "Yes.", "No."]
    assert [one.start_samples for one in marked] == made.spans_samples[[0, 4, 9, 10], 0].tolist()
    assert not any(one.is_region for one in marked)


def test_named_places_are_left(talk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put_into(talk, transcript_of(INTERVIEW))
    for finder, count in (("turns", 6), ("questions", 2), ("sentences", 12)):
        for _ in range(2):
            assert main(["propose", str(talk), finder, "--json"]) == 0
            assert len(json.loads(capsys.readouterr().out)[finder]) == count
    with Document.open(talk) as document:
        assert len(document.state.markers) == 6 + 2 + 12
        assert not document.state.proposals
