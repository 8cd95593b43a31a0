"""Repairs made by words: previews that are what is accepted, masks found once, a sound found everywhere."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.cli.main import main
from engine.core.errors import SeparationError, SoundNotFoundError, UnknownPromptError, UsageError
from engine.core.progress import SILENT
from engine.document.document import Document
from engine.document.file.storage import apply_rows
from engine.document.proposals import Verdict
from engine.features.registry import find_edits, request_of
from engine.features.repair.finders.find_sounds import LEAST_SHOWN, words_in_span
from engine.features.repair.finders.requests import PreviewRequest, RepairSettings, separations_edit
from engine.features.repair.finders.separate import preview_in_document
from engine.features.repair.separation.paint import MaskMemory
from engine.features.repair.separation.separate import RememberingSeparator
from engine.features.repair.separation.separator import Mask, Prompt, Stretch, prompts_of
from engine.features.repair.separation.settings import LEAST_PROBABILITY
from engine.recordings.media import locate_all
from engine.recordings.track_audio import SpanRequest
from engine.sound.edl.build import in_place
from engine.sound.edl.render import Renderer, render
from tests.engine.recordings.yard import BARKS_S, FIRST_BARK, LENGTH_S, RATE_HZ


@pytest.fixture
def spans(yard_once: Path) -> SpanRequest:
    """The first bark, on both microphones."""
    with Document.open(yard_once) as document:
        state = document.state
    return SpanRequest(state, locate_all(state, yard_once.parent), (), (FIRST_BARK,))


class Counting:
    """Answers half of everything, and counts what it was asked."""

    name = "counting"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def masks(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Mask, ...]:
        self.asked += [prompt.text for prompt in prompts]
        shares = np.full((1 + len(stretch.samples) // 256, 2), 0.5, np.float32)
        return (Mask(shares, 0.0, 0.016, np.array([100.0, 8000.0])),) * len(prompts)


def test_the_same_is_asked_once_and_what_differs_again() -> None:
    asks = Counting()
    remembering = RememberingSeparator(asks, MaskMemory())
    stretch = Stretch(np.ones(16_000, np.float32), ((0.2, 0.5),))
    dog, hum = prompts_of(["dog", "hum"])
    first = remembering.masks(stretch, [dog])
    again = remembering.masks(stretch, [hum, dog])
    assert asks.asked == ["dog", "hum"]
    assert again[1] is first[0]
    remembering.masks(replace(stretch, windows_s=((0.2, 0.6),)), [dog])
    remembering.masks(replace(stretch, samples=np.zeros(16_000, np.float32)), [dog])
    remembering.masks(stretch, [replace(dog, example=True)])
    assert asks.asked == ["dog", "hum", "dog", "dog", "dog"]


def test_masks_are_remembered_up_to_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long they are: the one that was not asked for longest goes first."""
    asks = Counting()
    remembering = RememberingSeparator(asks, MaskMemory())
    short, long = (Stretch(np.ones(seconds * 16_000, np.float32), ()) for seconds in (1, 10))
    (mask,) = remembering.masks(short, prompts_of(["dog"]))
    monkeypatch.setattr("engine.features.repair.separation.separate.MOST_BYTES", 3 * mask.shares.nbytes)
    for word in ("hum", "rain", "dog", "wind"):
        remembering.masks(short, prompts_of([word]))
    assert asks.asked == ["dog", "hum", "rain", "wind"]
    remembering.masks(short, prompts_of(["dog", "hum"]))
    assert asks.asked[4:] == ["hum"]
    remembering.masks(long, prompts_of(["dog"]))
    assert not remembering.memory.masks, "longer than all that is held"


def test_target_and_remainder_are_the_whole_and_the_result_is_what_was_asked_for(spans: SpanRequest) -> None:
    memory = MaskMemory()
    made = preview_in_document(PreviewRequest(spans, RepairSettings("dog, barking"), memory), SILENT)
    assert len(memory.masks) == 2 * len(spans.state.tracks), "words times tracks, whatever is made of them"
    known = dict(memory.masks)
    lower = RepairSettings("dog, barking", strength_db=6.0, fade_ms=20.0)
    soft = preview_in_document(PreviewRequest(spans, lower, memory), SILENT)
    assert dict(memory.masks) == known
    heard = render(spans.state, in_place(spans.state), spans.media, *FIRST_BARK)
    inner = slice(2000, -2000)
    both = [sum(one.samples for one in part.audio) for part in (made.target, made.remainder)]
    # Both hold a small share of the recording unchanged, by how credible the mask is.
    assert np.abs((both[0] + both[1] - heard)[inner]).max() < 0.1 * np.abs(heard).max()
    assert made.result is made.remainder
    assert soft.settings == lower
    quieter = np.abs(sum(one.samples for one in soft.result.audio)).sum()
    assert np.abs(both[1]).sum() < quieter < np.abs(heard).sum()


def test_a_preview_is_rendered_before_it_is_stored_as_it_is_after(spans: SpanRequest, tmp_path: Path) -> None:
    state = spans.state
    found = preview_in_document(PreviewRequest(spans, RepairSettings("dog"), MaskMemory()), SILENT).result
    edit, proposals = separations_edit(state, found, accepted=True)
    after = apply_rows(state, edit.changes)
    at_hand = {one.key: one for one in found.audio}
    with Renderer(after, in_place(after), spans.media, at_hand=at_hand) as renderer:
        before = renderer.read(0, state.length_samples)
    without = render(after, in_place(after), spans.media, 0, state.length_samples)
    assert not np.array_equal(before, without), "it is heard from where it is at hand"
    made = made_copy(spans, tmp_path)
    with Document.open(made) as document:
        document.apply(edit, audio=found.audio)
        assert {document.state.verdict(one.id) for one in proposals} == {Verdict.ACCEPTED}
        media = {**spans.media, **document.audio_files}
        stored = render(document.state, in_place(document.state), media, 0, state.length_samples)
        assert document.undo_label == found.change.words
        assert all(one.score == found.change.probability > 0.8 for one in proposals)
        document.undo()
        assert not document.state.proposals
    np.testing.assert_array_equal(before, stored)


def made_copy(spans: SpanRequest, folder: Path) -> Path:
    """Return a copy of the document beside nothing."""
    source = next(iter(spans.media.values())).with_name("yard.offcut")
    copy = folder / "yard.offcut"
    copy.write_bytes(source.read_bytes())
    return copy


def test_shown_masks_lie_where_the_window_is(spans: SpanRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one piece or in several; a window that is cut into pieces shows each moment once."""
    monkeypatch.setattr("engine.features.repair.separation.separate._PIECE_S", 0.7)
    monkeypatch.setattr("engine.features.repair.separation.separate._OVERLAP_S", 0.2)
    made = preview_in_document(PreviewRequest(spans, RepairSettings("dog"), MaskMemory()), SILENT)
    for track in spans.state.tracks:
        masks = [mask for mask in made.masks if mask.track == track.id]
        assert len(masks) > 1
        assert [masks[0].window[0], *(mask.window[1] for mask in masks)] == [
            FIRST_BARK[0],
            *(mask.window[0] for mask in masks[1:]),
            FIRST_BARK[1],
        ]
        for mask in masks:
            frames = len(mask.shares)
            last = mask.start_samples + (frames - 1) * mask.hop_samples
            assert mask.start_samples <= mask.window[0] + mask.hop_samples
            assert last >= mask.window[1] - mask.hop_samples
            assert mask.shares.min() >= 0.0
            assert mask.shares.max() <= 1.0
            assert len(mask.centres_hz) == mask.shares.shape[1]


@pytest.mark.parametrize(
    ("words", "windows", "said"),
    [
        ("", (FIRST_BARK,), "No sound is named"),
        ("dog", (), "No window is given"),
        ("dog", ((5, 4),), "ends before it begins"),
        ("dog", ((0, 10**9),), "exceeds the recording"),
        ("dog", ((0, 10),), "too short"),
    ],
)
def test_what_cannot_be_previewed_is_said(
    spans: SpanRequest, words: str, windows: tuple[tuple[int, int], ...], said: str
) -> None:
    request = PreviewRequest(replace(spans, windows=windows), RepairSettings(words), MaskMemory())
    with pytest.raises(UsageError, match=said):
        preview_in_document(request, SILENT)


@pytest.mark.parametrize(
    ("words", "refused", "code"),
    [
        ("xqzzt flurb", UnknownPromptError, "not_understood"),
        ("dog, mortgage", UnknownPromptError, "not_understood"),
        ("dgo", UnknownPromptError, "not_understood"),
        ("church bells", SoundNotFoundError, "not_found"),
        pytest.param("dog, rain", SoundNotFoundError, "not_found", marks=pytest.mark.long),
        pytest.param("not church bells", SoundNotFoundError, "not_found", marks=pytest.mark.long),
    ],
)
def test_what_is_not_understood_or_not_there_makes_no_preview(
    spans: SpanRequest, words: str, refused: type[SeparationError], code: str
) -> None:
    with pytest.raises(refused) as raised:
        preview_in_document(PreviewRequest(spans, RepairSettings(words), MaskMemory()), SILENT)
    assert raised.value.code == raised.value.fields()["code"] == code
    if isinstance(raised.value, SoundNotFoundError):
        assert raised.value.probability < LEAST_PROBABILITY
    elif words == "dgo":
        assert raised.value.fields()["nearest"][0] == "dog"


def test_a_span_is_an_example_in_the_place_of_words(spans: SpanRequest) -> None:
    settings = RepairSettings(example=(round(8.5 * RATE_HZ), round(9.2 * RATE_HZ)))
    made = preview_in_document(PreviewRequest(spans, settings, MaskMemory()), SILENT)
    assert made.result.change.named == "sound like that at 0:08.5"
    assert made.result.change.probability is None, "what is shown needs no words"
    assert made.result.change.lowered_db > 6.0


def test_names_that_are_hardly_likely_are_no_rows(spans: SpanRequest) -> None:
    words = words_in_span(spans, SILENT)
    assert words
    assert min(one.likelihood for one in words) >= LEAST_SHOWN


def test_a_sound_is_found_where_it_is_and_no_answer_is_lost(spans: SpanRequest, tmp_path: Path) -> None:
    found = find_edits(request_of("repair", spans.state, spans.media, {}, {"words": "dog bark"}), SILENT)
    places = found.found.figures["places"]
    assert isinstance(places, list)
    assert len(places) == len(BARKS_S)
    for place, at_s in zip(places, BARKS_S, strict=True):
        assert place["start_s"] - 0.2 <= at_s < place["stop_s"]
        assert 0.2 <= place["likelihood"] <= 1.0
    with Document.open(made_copy(spans, tmp_path)) as document:
        for edit, analyses, audio in found.edits(document.state):
            document.apply(edit, analyses, audio)
        proposals = document.state.proposals
        assert len(proposals) == len(BARKS_S), "one for each place, of all tracks"
        assert not document.state.decisions
        assert {one.score for one in proposals.values()} == {place["likelihood"] for place in places}
        assert not found.edits(document.state), "finding again changes nothing"
    nowhere = find_edits(
        request_of("repair", spans.state, spans.media, {}, {"words": "church bells"}), SILENT
    )
    assert nowhere.found.figures == {"places": []}
    assert not nowhere.edits(spans.state)


def test_the_command_line_repairs_a_span_and_fills_the_queue(
    spans: SpanRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in spans.media.values():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    path = made_copy(spans, tmp_path)
    asked = ["edit", str(path), "repair", "--start-s", "2.6", "--stop-s", "4.4", "--text", "dog", "barking"]
    assert main([*asked, "--strength-db", "12", "--tracks", "near", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert 6.0 < said["lowered_db"] < 12.5
    assert said["repairs"][0]["reason"] == said["summary"]
    assert said["peak_after_dbfs"] < said["peak_before_dbfs"]
    assert said["rms_after_dbfs"] < said["rms_before_dbfs"]
    assert (said["state"], said["is_sure"], said["refused_places"]) == ("accepted", True, 0)
    assert said["only_room_tone_around"]
    with Document.open(path) as document:
        (repair,) = document.state.proposals.values()
        assert (repair.start_samples, repair.stop_samples) == FIRST_BARK
        assert document.state.verdict(repair.id) is Verdict.ACCEPTED
    assert main(["propose", str(path), "repair", "--words", "dog bark"]) == 0
    assert "Found dog bark at 2 places" in capsys.readouterr().out
    with Document.open(path) as document:
        assert len(document.state.proposals) == 1 + len(BARKS_S)
    for wrong, said in (
        (["edit", str(path), "repair", "--start-s", "1", "--stop-s", "2"], "needs --text"),
        (["edit", str(path), "repair", "--text", "dog"], "needs --start-s and --stop-s"),
        (["edit", str(path), "cut", "--start-s", "1", "--stop-s", "2", "--text", "dog"], "goes with repair"),
        (
            [*asked[:3], "--start-s", "1", "--stop-s", str(LENGTH_S + 1), "--text", "dog"],
            "exceeds the recording",
        ),
        (["propose", str(path), "repair", "--words", " , "], "No sound is named"),
        (["propose", str(path), "repair", "--words", "xqzzt flurb"], "xqzzt flurb"),
        ([*asked[:-2], "xqzzt flurb"], "xqzzt flurb"),
        ([*asked[:-2], "church bells"], "was not found"),
    ):
        assert main(wrong) != 0
        assert said in capsys.readouterr().err
