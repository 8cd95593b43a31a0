"""Repairs over repairs: made of what was heard, over it, undone and rejected one by one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.cli.main import main
from engine.core.errors import DocumentError
from engine.core.progress import SILENT
from engine.document.document import Document
from engine.document.edits.by_hand import repair
from engine.document.edits.proposals import decide
from engine.document.file.stored_audio import stored
from engine.document.kinds.operations import Replace, Stored
from engine.document.proposals import Proposal, Verdict
from engine.features.repair.finders.requests import PreviewRequest, RepairSettings, separations_edit
from engine.features.repair.finders.separate import (
    preview_in_document,
    separate_in_document,
    separate_request,
)
from engine.features.repair.separation.paint import MaskMemory, Range
from engine.recordings.media import locate_all
from engine.recordings.track_audio import SpanRequest
from engine.sound.edl.build import in_place
from engine.sound.edl.conflicts import conflicts_of, in_conflict
from engine.sound.edl.render import render
from engine.sound.edl.tracks.patches import PARTED_MS, Patches
from tests.as_before import require_sentence
from tests.engine.recordings.yard import FIRST_BARK, RATE_HZ
from tests.mostly_long import mostly_long
from widgets.edit_words import held_sentence

PARTLY = (round(3.2 * RATE_HZ), round(5.0 * RATE_HZ))
EARLIER = (round(2.0 * RATE_HZ), round(3.4 * RATE_HZ))


def media_of(document: Document) -> Mapping[str, Path]:
    return {**document.audio_files, **locate_all(document.state, document.path.absolute().parent)}


def heard(document: Document) -> np.ndarray:
    state = document.state
    return render(state, in_place(state), media_of(document), 0, state.length_samples)


def repaired(document: Document, words: str, window: tuple[int, int]) -> tuple[Proposal, ...]:
    """Take something out of what is heard, accepted, however likely it is there and whatever it gains."""
    spans = SpanRequest(document.state, media_of(document), (), (window,))
    asked = separate_request(spans, RepairSettings(words, strength_db=20.0))
    found = separate_in_document(replace(asked, is_found=True, is_judged=False), SILENT)
    edit, proposals = separations_edit(document.state, found, accepted=True)
    document.apply(edit, audio=found.audio)
    return proposals


@mostly_long("second", [FIRST_BARK, PARTLY, EARLIER], keep=(PARTLY,))
def test_a_second_repair_is_made_of_what_the_first_leaves(yard_copy: Path, second: tuple[int, int]) -> None:
    with Document.open(yard_copy) as document:
        recorded = heard(document)
        repaired(document, "dog", FIRST_BARK)
        once = heard(document)
        spans = SpanRequest(document.state, media_of(document), (), (second,))
        settings = RepairSettings(paint=(Range(*second, 500.0, 4000.0),))
        made = preview_in_document(PreviewRequest(spans, settings, MaskMemory()), SILENT)
        inner = slice(2000, -2000)
        both = sum(one.samples for part in (made.target, made.remainder) for one in part.audio)
        np.testing.assert_allclose(both[inner], once[slice(*second)][inner], atol=1e-4)
        edit, proposals = separations_edit(document.state, made.result, accepted=True)
        document.apply(edit, audio=made.result.audio)
        twice = heard(document)
        np.testing.assert_array_equal(twice[: second[0]], once[: second[0]])
        np.testing.assert_array_equal(twice[second[1] :], once[second[1] :])
        stored = sum(one.samples for one in made.result.audio)
        np.testing.assert_allclose(twice[slice(*second)], stored, atol=1e-6)
        assert not np.array_equal(twice, once)
        assert not in_conflict(document.state).any()
        assert all("over" in one.payload for one in proposals)
        document.undo()
        np.testing.assert_array_equal(heard(document), once)
        document.undo()
        np.testing.assert_array_equal(heard(document), recorded)
        document.redo()
        document.redo()
    with Document.open(yard_copy) as document:
        np.testing.assert_array_equal(heard(document), twice, err_msg="as it was before it was closed")


def test_the_later_one_holds_what_the_first_did_whatever_becomes_of_it(yard_copy: Path) -> None:
    with Document.open(yard_copy) as document:
        recorded = heard(document)
        first = repaired(document, "dog", FIRST_BARK)
        second = repaired(document, "wind", PARTLY)
        within = (PARTLY[0] + 4000, PARTLY[1] - 4000)
        third = repaired(document, "wind", within)
        both = heard(document)
        said = held_sentence(document.state, first[0].id)
        require_sentence("queue", "a repair below two others", said)
        assert not held_sentence(document.state, third[0].id)
        document.apply(decide(document.state, [one.id for one in first], Verdict.REJECTED))
        without = heard(document)
        fade = round(PARTED_MS * RATE_HZ / 1000)
        np.testing.assert_array_equal(without[: PARTLY[0]], recorded[: PARTLY[0]])
        inner = slice(PARTLY[0] + fade, PARTLY[1] - fade)
        meets = np.zeros(len(both), bool)  # there the third comes and goes over the second more slowly
        meets[within[0] : within[0] + fade] = meets[within[1] - fade : within[1]] = True
        same = np.abs(without - both)[inner]
        assert same[~meets[inner]].max() <= 1e-6
        assert same.max() <= 5e-3, "what the third takes out of what the second left is little"
        edge = slice(PARTLY[0] - 200, PARTLY[0] + 200)
        allowed = 1.05 * max(np.abs(np.diff(each[edge], axis=0)).max() for each in (recorded, both))
        assert np.abs(np.diff(without[edge], axis=0)).max() <= allowed, "no click where they met"
        document.apply(decide(document.state, [one.id for one in first], Verdict.ACCEPTED))
        np.testing.assert_array_equal(heard(document), both)
        for some in (first, second, third):
            document.apply(decide(document.state, [one.id for one in some], Verdict.REJECTED))
        np.testing.assert_array_equal(heard(document), recorded)


def test_repairs_of_one_place_that_know_nothing_of_each_other_are_a_conflict(yard_copy: Path) -> None:
    with Document.open(yard_copy) as document:
        spans = SpanRequest(document.state, media_of(document), (), (FIRST_BARK,))
        made = []
        for words in ("dog", "wind"):
            asked = separate_request(spans, RepairSettings(words))
            found = separate_in_document(replace(asked, is_found=True, is_judged=False), SILENT)
            edit, proposals = separations_edit(document.state, found)
            document.apply(edit, audio=found.audio)
            made.append(proposals)
        document.apply(decide(document.state, [made[0][0].id], Verdict.ACCEPTED))
        assert not in_conflict(document.state).any()
        assert conflicts_of(document.state, made[1][0].id) == (made[0][0].id,), "told before it is accepted"
        assert not conflicts_of(document.state, made[1][1].id), "of another track"
        document.apply(decide(document.state, [made[1][0].id], Verdict.ACCEPTED))
        assert in_conflict(document.state).sum() == 2


def test_what_lies_over_what_says_nothing_of_the_order_of_answers() -> None:
    under, over = (Stored(key * 32, 0, 400) for key in "ab")
    late = Replace(200, 400, (), None, 0.0, under)
    early = Replace(0, 300, (), None, 0.0, over, (under.key,))
    mute = Replace(100, 250)
    for order in ([late, early, mute], [mute, early, late]):
        assert Patches.of(order, 1000).operations == (late, early, mute)
    (alone,) = Patches.of([early], 1000).operations
    assert isinstance(alone, Replace)
    assert alone.crossfade_ms == PARTED_MS


def test_a_repair_is_made_by_the_clock_that_is_heard(yard_copy: Path) -> None:
    """A track of another recorder is heard, and repaired, where it was lined up."""
    assert main(["edit", str(yard_copy), "recorder", "--tracks", "far", "--by-s", "0.25"]) == 0
    with Document.open(yard_copy) as document:
        before = heard(document)
        repaired(document, "dog", FIRST_BARK)
        after = heard(document)
        np.testing.assert_array_equal(after[: FIRST_BARK[0]], before[: FIRST_BARK[0]])
        step = np.abs(np.diff(after, axis=0))[[FIRST_BARK[0] - 1, FIRST_BARK[1] - 1]].max()
        assert step <= np.abs(np.diff(before, axis=0)).max()
        np.testing.assert_allclose(
            after[FIRST_BARK[0] : FIRST_BARK[0] + 20], before[FIRST_BARK[0] : FIRST_BARK[0] + 20], atol=1e-4
        )


def test_a_payload_that_names_no_audio_is_refused(yard_copy: Path) -> None:
    with Document.open(yard_copy) as document:
        track = document.state.tracks[0].id
        audio = stored(np.zeros((400, 1), np.float32), RATE_HZ)
        for wrong in (["what"], [""], ["a" * 32] * 1001):
            with pytest.raises(DocumentError):
                repair(
                    document.state, audio, (0, 400), [track], at_samples=0, maker="t", reason="", over=wrong
                )


@pytest.mark.long
def test_the_command_line_stacks_and_exports_what_was_heard(
    yard_copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ["--start-s", "2.6", "--stop-s", "4.4"]
    assert main(["edit", str(yard_copy), "repair", *at, "--text", "dog"]) == 0
    capsys.readouterr()
    band = ["--band-hz", "500", "4000", "--strength-db", "20", "--fade-ms", "5", "--json"]
    assert main(["edit", str(yard_copy), "repair", *at, *band]) == 0
    assert 15.0 < json.loads(capsys.readouterr().out)["lowered_db"] < 20.5
    out = yard_copy.with_name("out.wav")
    with Document.open(yard_copy) as document:
        sound = heard(document)
        later = [one for one in document.state.proposals.values() if "over" in one.payload]
        assert len(later) == 2
        assert not in_conflict(document.state).any()
    assert main(["export", str(yard_copy), "--out", str(out)]) == 0
    written, _ = soundfile.read(out, dtype="float32", always_2d=True)
    np.testing.assert_allclose(written, sound, atol=2**-15)
    assert main(["propose", str(yard_copy), "repair", "--words", "dog bark"]) == 0
    with Document.open(yard_copy) as document:
        found = {
            one.start_samples
            for one in document.state.proposals.values()
            if one.id not in document.state.decisions
        }
    assert all(start > 7 * RATE_HZ for start in found), "what was taken out is not found again"


def test_a_range_is_taken_out_without_words(yard_copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Document.open(yard_copy) as document:
        before = heard(document)
    asked = ["edit", str(yard_copy), "repair", "--start-s", "2.6", "--stop-s", "4.4"]
    assert main([*asked, "--band-hz", "2000", "6000"]) == 0
    assert "on 2 tracks" in capsys.readouterr().out
    with Document.open(yard_copy) as document:
        after = heard(document)
    assert after[: FIRST_BARK[0]].tobytes() == before[: FIRST_BARK[0]].tobytes()
    assert after[FIRST_BARK[1] :].tobytes() == before[FIRST_BARK[1] :].tobytes()
    inner = slice(FIRST_BARK[0] + 2000, FIRST_BARK[1] - 2000)
    spectra = [np.abs(np.fft.rfft(each[inner].sum(axis=1))) for each in (before, after)]
    hz = np.fft.rfftfreq(inner.stop - inner.start, 1 / RATE_HZ)
    band = (hz > 2200) & (hz < 5800)
    assert np.linalg.norm(spectra[1][band]) < 0.02 * np.linalg.norm(spectra[0][band])
    for wrong, said in (([], "needs --text or --band-hz"), (["--band-hz", "9", "3"], "is not a range")):
        assert main([*asked, *wrong]) != 0
        assert said in capsys.readouterr().err
