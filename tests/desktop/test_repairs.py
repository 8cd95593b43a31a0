"""A sound taken out in the window by keys: named, heard before, compared, accepted, undone, found everywhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop.separation.previews import Previews
from engine.document.decisions import Verdict
from engine.document.document import Document
from engine.edl.build import in_place
from engine.edl.render import render
from engine.jobs.import_audio import ImportRequest, import_audio, import_edit
from engine.jobs.repair_requests import RepairPreview
from engine.progress import SILENT
from tests.desktop.conftest import Hands, fill
from widgets.separation.panel import ENTIRELY_DB

RATE_HZ = 16_000
SPAN = (round(2.6 * RATE_HZ), round(4.4 * RATE_HZ))
BARKS_S = (3.0, 8.5)
BARKS = ("5-203128-A-0.flac", "5-208030-A-0.flac")


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> Path:
    """Twelve seconds of faint noise on two microphones, in which a dog barks twice."""
    folder = tmp_path_factory.mktemp("yard")
    rng = np.random.default_rng(14)
    clips = [soundfile.read(data_dir / "esc50" / "audio" / name)[0] for name in BARKS]
    paths = []
    for name, gain in (("near", 0.5), ("far", 0.2)):
        sound = 0.002 * rng.standard_normal(12 * RATE_HZ)
        for clip, at_s in zip(clips, BARKS_S, strict=True):
            loud = np.abs(clip) > 0.1 * np.abs(clip).max()
            bark = clip[int(np.argmax(loud)) :][:RATE_HZ]
            first = round(at_s * RATE_HZ)
            sound[first : first + len(bark)] += gain * bark / np.abs(bark).max()
        paths.append(folder / f"{name}.wav")
        soundfile.write(paths[-1], sound, RATE_HZ, "PCM_16")
    path = folder / "yard.offcut"
    with Document.create(path) as made:
        made.apply(import_edit(made.state, import_audio(ImportRequest(tuple(paths)), SILENT)))
    return path


@pytest.fixture
def yard(hands: Hands, made_once: Path, tmp_path: Path) -> Hands:
    """The window on a copy of that document, with the first bark selected."""
    path = tmp_path / "yard.offcut"
    path.write_bytes(made_once.read_bytes())
    hands.window.session.open(path)
    hands.finish_work()
    hands.window.repairing.said.connect(hands.said.append)
    hands.window.selecting.select(*SPAN)
    return hands


def type_words(hands: Hands, words: str) -> None:
    """Open the panel and write words, in the place of those that were there."""
    hands.press("W")
    line = hands.window.repair_panel.words.line
    assert line.hasFocus()
    QTest.keyClicks(line, words)


def preview(hands: Hands, words: str) -> RepairPreview:
    """Write words and press Enter; return the preview once it is made."""
    type_words(hands, words)
    hands.press("Return")
    hands.finish_work()
    return held(hands).required()


def held(hands: Hands) -> Previews:
    return hands.window.repairing._previews


def heard(hands: Hands) -> np.ndarray:
    state, media = hands.window.session.state, hands.window.session.media
    return render(state, in_place(state), media, 0, state.length_samples)


def test_a_sound_is_named_heard_and_accepted_by_keys(yard: Hands) -> None:
    window, before = yard.window, heard(yard)
    panel = window.repair_panel
    made = preview(yard, "dog")
    assert panel.isVisible()
    assert made.windows == (SPAN,)
    assert not panel.words.line.hasFocus(), "letters mean the preview now"
    assert {mask.track for mask in window.timeline.canvas.shown.masks.masks} == {
        track.id for track in window.session.state.tracks
    }
    assert not window.session.state.proposals, "nothing is decided by hearing"
    for key in ("1", "2", "3", "Alt+1"):
        yard.press(key)
        assert window.transport.is_auditioning, key
        window.transport.stop()
    assert yard.said[-1] == "What the words mean, A: dog out entirely"
    yard.press("A")
    state = window.session.state
    assert [one.kind for one in state.proposals.values()] == ["repair", "repair"]
    assert {state.verdict(key) for key in state.proposals} == {Verdict.ACCEPTED}
    assert window.review.current in state.proposals
    assert panel.isHidden()
    assert not window.timeline.canvas.shown.masks.masks
    after = heard(yard)
    np.testing.assert_array_equal(after[: SPAN[0]], before[: SPAN[0]])
    np.testing.assert_array_equal(after[SPAN[1] :], before[SPAN[1] :])
    assert not np.array_equal(after, before)
    expected = sum(audio.samples for audio in made.result.audio)
    np.testing.assert_allclose(after[slice(*SPAN)], expected, atol=1e-6, err_msg="as it was heard before")
    yard.press("Ctrl+Z")
    np.testing.assert_array_equal(heard(yard), before)
    assert not window.session.state.proposals
    yard.press("Ctrl+Shift+Z")
    np.testing.assert_array_equal(heard(yard), after)


def test_what_is_previewed_is_rendered_by_the_code_that_exports(yard: Hands) -> None:
    window = yard.window
    made = preview(yard, "dog")
    yard.press("1")
    source = window.player._factory()
    sound = source.read(*SPAN)
    source.close()
    window.transport.stop()
    np.testing.assert_allclose(sound, sum(one.samples for one in made.target.audio), atol=1e-6)
    both = [sum(audio.samples for audio in part.audio) for part in (made.target, made.remainder)]
    inner = slice(2000, -2000)  # within the fades the recording is heard in both
    whole = heard(yard)[slice(*SPAN)]
    np.testing.assert_allclose((both[0] + both[1])[inner], whole[inner], atol=1e-4)
