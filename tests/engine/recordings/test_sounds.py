"""What sounds where in a document: heard, kept, said of cuts; and what is like something that is marked."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.analysis.detection.detector import analysed_versions, detector
from engine.analysis.detection.what_sounds import (
    LEAST_LIKELIHOOD,
    WORDS,
    likelihood_of,
    named_events,
    named_places,
)
from engine.analysis.sound_names.vocabulary import vocabulary
from engine.cli.main import main
from engine.core.errors import Cancelled, UsageError
from engine.core.progress import SILENT, ReportingProgress
from engine.document.analysis import DetectedSounds
from engine.document.document import Document
from engine.document.edits.proposals import decide
from engine.document.proposals import BY_EXAMPLE, Verdict
from engine.document.state import DocumentState
from engine.features.registry import FoundEdits, find_edits, request_of
from engine.features.repair.finders.repair import NOTHING_ELSE
from engine.recordings.detect_sounds import NOTHING, FoundSounds, detect_sounds
from engine.recordings.media import locate_all
from engine.recordings.track_audio import SpanRequest
from engine.review.finders import FinderRequest
from engine.sound.edl.build import in_place
from engine.sound.edl.render import render
from tests.engine.recordings.room import FIRST_SNEEZE, LENGTH_S, RATE_HZ, SNEEZE_S, SNEEZES_S, made_room
from tests.mostly_long import mostly_long

SNEEZE = "sneezing"


@pytest.fixture(scope="module")
def spans(room_once: Path) -> SpanRequest:
    return spans_of(room_once)


@pytest.fixture(scope="module")
def heard(spans: SpanRequest) -> FoundSounds:
    return detect_sounds(spans, SILENT)


def spans_of(path: Path) -> SpanRequest:
    with Document.open(path) as document:
        state = document.state
    return SpanRequest(state, locate_all(state, path.parent))


def like(spans: SpanRequest, span: tuple[int, int] = FIRST_SNEEZE, does: str = "remove") -> FinderRequest:
    settings = {"start_s": span[0] / RATE_HZ, "stop_s": span[1] / RATE_HZ, "does": does}
    return request_of("like-this", spans.state, spans.media, {}, settings)


def put(found: FoundEdits, document: Document) -> None:
    for edit, analyses, audio in found.edits(document.state):
        document.apply(edit, analyses, audio)


def at_a_sneeze(start_samples: int, stop_samples: int) -> bool:
    return any(start_samples - RATE_HZ // 2 <= at_s * RATE_HZ < stop_samples for at_s in SNEEZES_S)


def test_what_sounds_is_heard_where_it_does_and_kept_with_the_document(
    heard: FoundSounds, room_copy: Path
) -> None:
    sounds = heard.sounds
    assert set(sounds.words) == {SNEEZE}
    assert heard.sentence == f"Detected {len(sounds.words)} sounds: {SNEEZE} ({len(sounds.words)})"
    assert all(at_a_sneeze(*span) for span in sounds.spans_samples.tolist())
    assert (sounds.likelihoods >= LEAST_LIKELIHOOD).all()
    with Document.open(room_copy) as document:
        label = document.undo_label
        document.apply(*heard.put_into(document.state))
        assert document.undo_label == label, "listening is no step of undo"
    with Document.open(room_copy) as document:
        kept = document.analysis("sounds")
    assert isinstance(kept, DetectedSounds)
    assert list(kept.words) == list(sounds.words)
    np.testing.assert_array_equal(kept.spans_samples, sounds.spans_samples)
    np.testing.assert_array_equal(kept.likelihoods, sounds.likelihoods)


def test_words_are_known_names_and_a_surer_word_is_said_sooner() -> None:
    assert WORDS.keys() <= vocabulary().keys()
    assert likelihood_of("coughing", 1.0, 0.5) > likelihood_of("frog", 1.0, 0.5)
    assert likelihood_of("crow", 2.0, 0.5) > likelihood_of("crow", 1.0, 0.5)
    assert likelihood_of("crow", 1.0, 0.9) > likelihood_of("crow", 1.0, 0.5)


@pytest.mark.long
def test_in_blocks_of_any_size_the_same_is_heard(heard: FoundSounds, room_once: Path) -> None:
    """Places are those of the plain way: every name by itself, the likeliest of what meets."""
    samples = soundfile.read(room_once.with_name("room.wav"), dtype="float32")[0]
    hearing = detector()
    at_once = analysed_versions(hearing, [samples])
    whole = named_places(hearing, at_once)
    parts = named_places(hearing, analysed_versions(hearing, np.array_split(samples, 7)))
    assert whole == parts
    spans_s = [one.span_s for one in whole]
    for number, one in enumerate(spans_s):
        for other in spans_s[:number]:
            shared = min(one[1], other[1]) - max(one[0], other[0])
            assert shared <= 0.3 * min(one[1] - one[0], other[1] - other[0])
    said = named_events(hearing, at_once, RATE_HZ, len(samples))
    assert [one.start_samples for one in said] == heard.sounds.spans_samples[:, 0].tolist()


@mostly_long("kind", ["silence", "noise", "hum", "a click", "short", "nothing"], keep=("silence", "hum"))
def test_nothing_is_said_where_nothing_has_a_name(kind: str) -> None:
    rng = np.random.default_rng(7)
    count = {"short": 900, "nothing": 0}.get(kind, 20 * RATE_HZ)
    time_s = np.arange(count) / RATE_HZ
    sound = {
        "noise": 0.05 * rng.standard_normal(count),
        "hum": 0.1 * np.sin(2 * np.pi * 50 * time_s),
    }.get(kind, np.zeros(count))
    if kind == "a click":
        sound[count // 2] = 0.9
    result = analysed_versions(detector(), [sound.astype(np.float32)] if count else [])
    assert named_events(detector(), result, RATE_HZ, count) == ()
    if kind == "silence":
        assert named_places(detector(), result) == [], "whatever it is called, it is not there"


def test_an_empty_room_says_so(tmp_path: Path, data_dir: Path) -> None:
    path = made_room(tmp_path, data_dir, is_empty=True)
    found = detect_sounds(spans_of(path), SILENT)
    assert found.sentence == NOTHING
    with Document.open(path) as document:
        document.apply(*found.put_into(document.state))
        assert document.analysis("sounds") is not None, "that nothing was heard is known as well"


def test_hearing_asks_for_a_recording_and_can_be_given_up(spans: SpanRequest) -> None:
    with pytest.raises(UsageError, match="nothing to analyse"):
        detect_sounds(SpanRequest(DocumentState()), SILENT)
    cancelled = threading.Event()
    cancelled.set()
    for job, request in ((detect_sounds, spans), (find_edits, like(spans))):
        with pytest.raises(Cancelled):
            job(request, ReportingProgress(lambda *_: None, cancelled))  # type: ignore[operator]


def test_all_that_is_like_the_example_is_cut_undecided(spans: SpanRequest, room_copy: Path) -> None:
    found = find_edits(like(spans, does="cut"), SILENT)
    with Document.open(room_copy) as document:
        put(found, document)
        proposals = sorted(document.state.proposals.values(), key=lambda one: one.start_samples)
        assert not document.state.decisions
        assert (proposals[0].start_samples, proposals[0].stop_samples) == FIRST_SNEEZE
        assert proposals[0].reason == "Similar to your example at 0:08.0: the one you marked."
        assert {one.kind for one in proposals} == {"cut"}
        assert {one.maker for one in proposals} == {BY_EXAMPLE}
        others = proposals[1:]
        assert at_a_sneeze(others[-1].start_samples, others[-1].stop_samples)
        assert all(at_a_sneeze(one.start_samples, one.stop_samples) for one in others)
        answered = others[-1].id
        document.apply(decide(document.state, [answered], Verdict.REJECTED))
        put(found, document)
        assert document.state.verdict(answered) is Verdict.REJECTED, "what was answered stays"
        assert len(document.state.proposals) == len(proposals)


def test_all_that_is_like_the_example_is_taken_out_and_nothing_else_changes(
    spans: SpanRequest, room_copy: Path
) -> None:
    found = find_edits(like(spans), SILENT)
    assert found.found.audio
    with Document.open(room_copy) as document:
        before = render(document.state, in_place(document.state), spans.media, 0, LENGTH_S * RATE_HZ)
        put(found, document)
        proposals = list(document.state.proposals.values())
        assert {one.kind for one in proposals} == {"repair"}
        assert all(one.reason.startswith("Sound like that at 0:08.0 ") for one in proposals)
        document.apply(decide(document.state, [one.id for one in proposals], Verdict.ACCEPTED))
        media = {**spans.media, **document.audio_files}
        after = render(document.state, in_place(document.state), media, 0, LENGTH_S * RATE_HZ)
    changed = np.zeros(len(before), bool)
    for one in proposals:
        span = slice(one.start_samples, one.stop_samples)
        changed[span] = True
        assert np.square(after[span]).sum() < 0.5 * np.square(before[span]).sum()
    np.testing.assert_array_equal(after[~changed], before[~changed])


def test_an_example_that_is_alone_silent_or_everywhere_is_told(spans: SpanRequest, room_copy: Path) -> None:
    with Document.open(room_copy) as document:
        state = document.state
    samples = soundfile.read(room_copy.with_name("room.wav"), dtype="float32")[0]
    samples[: 4 * RATE_HZ] = 0.0
    samples[15 * RATE_HZ :] = 0.003 * np.random.default_rng(1).standard_normal(len(samples) - 15 * RATE_HZ)
    alone = room_copy.with_name("alone.wav")
    soundfile.write(alone, samples, RATE_HZ, "PCM_16")
    request = SpanRequest(state, dict.fromkeys(state.sources, alone))
    found = find_edits(like(request), SILENT)
    assert (found.sentence, found.found.figures, found.found.audio) == (NOTHING_ELSE, {"places": []}, ())
    assert not found.edits(state)
    with pytest.raises(UsageError, match="selection is silent"):
        find_edits(like(request, (RATE_HZ, 2 * RATE_HZ)), SILENT)
    assert find_edits(like(spans, (0, LENGTH_S * RATE_HZ)), SILENT).sentence == NOTHING_ELSE
    with pytest.raises(UsageError):
        find_edits(like(spans, (LENGTH_S * RATE_HZ, (LENGTH_S + 1) * RATE_HZ)), SILENT)


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, object]:
    assert main([*map(str, arguments), "--json"]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def test_the_command_line_hears_and_finds_the_same(
    heard: FoundSounds, room_copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sounds = heard.sounds
    for target in (room_copy.with_name("room.wav"), room_copy):
        rows = said(capsys, "detect", target, "--events")["events"]
        assert [row["text"] for row in rows] == list(sounds.words)
        assert [row["start_s"] for row in rows] == [
            start / RATE_HZ for start in sounds.spans_samples[:, 0].tolist()
        ]
    found = said(capsys, "propose", room_copy, "like-this", "--start-s", 8, "--stop-s", 9.2, "--does", "cut")
    places = found["places"]
    assert found["proposals"] == len(places) > 1
    rows = said(capsys, "proposals", room_copy)["proposals"]
    words = [row["heard"] for row in rows]
    assert words[0], "the document was heard above"
    assert words[0][0]["text"] == SNEEZE
    assert main(["proposals", str(room_copy)]) == 0
    assert f"Detected: {SNEEZE} (" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["detect", "room.offcut"], "is a document"),
        (["detect", "room.wav", "--events", "--text", "dog"], "--events detects all known sounds"),
        (["propose", "room.offcut", "dead-air", "--does", "cut"], "belongs to repair and like-this"),
    ],
)
def test_wrong_use_is_one_sentence(
    room_once: Path, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    verb, name, *rest = arguments
    assert main([verb, str(room_once.parent / name), *rest]) == 2
    told = capsys.readouterr().err.strip()
    assert words in told
    assert "\n" not in told


@pytest.mark.long
def test_verbs_hear_what_repairs_left(room_copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start_s, stop_s = SNEEZES_S[0] - 0.2, SNEEZES_S[0] + SNEEZE_S + 0.2
    band = ("--band-hz", 0, RATE_HZ, "--start-s", start_s, "--stop-s", stop_s)
    said(capsys, "edit", room_copy, "repair", *band)
    example = ("--start-s", SNEEZES_S[3], "--stop-s", SNEEZES_S[3] + SNEEZE_S)
    found = said(capsys, "propose", room_copy, "like-this", *example, "--does", "cut")
    heard = said(capsys, "detect", room_copy, "--events")
    assert heard["events"]
    for one in (*found["places"], *heard["events"]):
        assert one["stop_s"] <= start_s or stop_s <= one["start_s"], one
