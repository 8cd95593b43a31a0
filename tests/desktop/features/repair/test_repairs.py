"""A sound taken out in the window by keys: named, heard before, compared, accepted, found everywhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QWidget

from desktop.features.repair.panel import ENTIRELY_DB
from desktop.features.repair.previews import Previews
from engine.core.progress import SILENT
from engine.document.document import Document
from engine.document.proposals import Verdict
from engine.features.repair.finders.requests import RepairPreview
from engine.features.repair.separation.paint import Range
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from engine.sound.edl.build import in_place
from engine.sound.edl.render import render
from tests.desktop.conftest import Hands, fill
from tests.engine.recordings.yard import BARKS_S, FIRST_BARK, RATE_HZ
from widgets.edit_words import held_sentence
from widgets.timeline.edits.selected import Choice


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
    assert made.windows == (FIRST_BARK,)
    assert not panel.words.line.hasFocus(), "letters mean the preview now"
    assert {mask.track for mask in window.timeline.canvas.shown.masks.masks} == {
        track.id for track in window.session.state.tracks
    }
    assert not window.session.state.proposals, "nothing is decided by hearing"
    for key in ("1", "2", "3", "Alt+1"):
        yard.press(key)
        assert window.transport.is_auditioning, key
        window.transport.stop()
    assert yard.said[-1] == f"Target, A: {made.result.change.words}"
    assert made.result.change.words in panel._said.text()
    assert made.result.change.levels_words in panel._said.text()
    yard.press("A")
    state = window.session.state
    assert [one.kind for one in state.proposals.values()] == ["repair", "repair"]
    assert {state.verdict(key) for key in state.proposals} == {Verdict.ACCEPTED}
    assert window.review.current in state.proposals
    assert panel.isHidden()
    assert not window.timeline.canvas.shown.masks.masks
    after = heard(yard)
    np.testing.assert_array_equal(after[: FIRST_BARK[0]], before[: FIRST_BARK[0]])
    np.testing.assert_array_equal(after[FIRST_BARK[1] :], before[FIRST_BARK[1] :])
    assert not np.array_equal(after, before)
    expected = sum(audio.samples for audio in made.result.audio)
    np.testing.assert_allclose(
        after[slice(*FIRST_BARK)], expected, atol=1e-6, err_msg="as it was heard before"
    )
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
    sound = source.read(*FIRST_BARK)
    source.close()
    window.transport.stop()
    np.testing.assert_allclose(sound, sum(one.samples for one in made.target.audio), atol=1e-6)
    both = [sum(audio.samples for audio in part.audio) for part in (made.target, made.remainder)]
    inner = slice(2000, -2000)  # within the fades the recording is heard in both
    whole = heard(yard)[slice(*FIRST_BARK)]
    # Both hold a small share of the recording unchanged, by how credible the mask is.
    assert np.abs((both[0] + both[1] - whole)[inner]).max() < 0.1 * np.abs(whole).max()


def test_two_settings_are_compared_and_one_is_put_into_the_queue(yard: Hands) -> None:
    window, panel = yard.window, yard.window.repair_panel
    first = preview(yard, "dog, barking")
    assert first.settings.texts == ("dog", "barking")
    yard.press("4")
    assert yard.refused[-1].startswith("Two previews are needed")
    panel.strength.setFocus()
    for _ in range(panel.strength.maximum() - 12):
        QTest.keyClick(panel.strength, Qt.Key.Key_Left)
    with yard.qtbot.waitSignal(panel.strength.chosen):
        pass
    yard.finish_work()
    second = held(yard).required()
    assert (second.settings.strength_db, first.settings.strength_db) == (12.0, None)
    loud, soft = (abs(made.result.audio[0].samples).sum() for made in (second, first))
    assert loud > soft, "nothing is made quieter than by 12 dB"
    yard.press("Alt+4")
    assert held(yard).required() is first
    assert panel.strength.value() == ENTIRELY_DB
    assert window.transport.is_auditioning
    assert yard.said[-1] == f"Result, A: {first.result.change.words}"
    window.transport.stop()
    yard.press("4")
    window.transport.stop()
    assert held(yard).required() is second
    yard.press("Alt+7")
    state = window.session.state
    assert len(state.proposals) == len(state.tracks) == 2
    assert not state.decisions
    assert {one.reason for one in state.proposals.values()} == {one.words for one in second.result.changes}
    assert window.review.current in state.proposals
    yard.press("A")
    assert list(window.session.state.decisions), "from the queue it is answered like any other"


def test_several_windows_and_one_track(yard: Hands) -> None:
    window = yard.window
    far = window.session.state.tracks[1].id
    window.selecting.choose_track(far, Choice.ADDED)
    yard.press("W")
    other = (8 * RATE_HZ, 10 * RATE_HZ)
    window.timeline.setFocus()
    window.selecting.select(*other)
    assert window.repairing._windows == (FIRST_BARK,), "selecting alone changes nothing"
    yard.press("Shift+W")
    assert window.repairing._windows == (FIRST_BARK, other)
    window.repair_panel.words.line.setText("dog")
    yard.press("Ctrl+Return")
    yard.finish_work()
    made = held(yard).required()
    assert made.windows == (FIRST_BARK, other)
    assert {track for *_, track in made.result.windows} == {far}
    assert len(window.timeline.canvas.shown.masks.masks) == 2
    yard.press("W")
    assert window.repairing._windows == (FIRST_BARK, other), "back to the field"
    window.selecting.select(0, RATE_HZ)
    window.timeline.setFocus()
    yard.press("W")
    assert window.repairing._windows == ((0, RATE_HZ),), "another selection is meant instead"
    assert held(yard).current is None


def test_what_is_heard_is_ranked_and_fills_the_field(yard: Hands) -> None:
    words = yard.window.repair_panel.words
    yard.press("W")
    yard.press("Alt+5")
    yard.finish_work()
    assert words.list.isVisible()
    assert words.list.suggestions[0].text == "dog"
    shares = [one.share for one in words.list.suggestions]
    assert shares == sorted(shares, reverse=True)
    index = words.list.model().index(0, 0)
    where = words.list.visualRect(index).center()
    QTest.mouseClick(words.list.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert words.text() == "dog"
    QTest.keyClicks(words.line, ", ra")
    assert words.list.suggestions[0].text == "rain"
    yard.press("Down")
    yard.press("Return")
    assert words.text() == "dog, rain"
    assert not yard.window.work.is_busy, "Enter took the row, it asked for no preview"


def test_recent_words_come_first_and_outlive_the_window(yard: Hands, restarted) -> None:
    preview(yard, "barking")
    yard.press("Esc")
    assert yard.window.repair_panel.isHidden()
    other = restarted()
    assert other.repairing._recent.words == ("barking",)
    yard.press("W")
    assert [one.text for one in yard.window.repair_panel.words.list.suggestions] == ["barking"]


BAD_WORDS = (
    ("", "No sound is named"),
    (" , ,", "No sound is named"),
    ("x" * 10_000, "characters long"),
    (",".join(f"dog {number}" for number in range(40)), "sounds are named at once"),
)


def test_what_is_not_understood_offers_the_nearest_names(yard: Hands) -> None:
    panel = yard.window.repair_panel
    type_words(yard, "dgo barking")
    yard.press("Return")
    yard.finish_work()
    assert held(yard).current is None, "there is nothing to accept"
    assert panel._problem.isVisible()
    assert "'dgo barking'" in panel._problem.text()
    assert panel.words.list.suggestions[0].text == "dog"
    assert panel._buttons["repair.example"].isVisible()
    assert not panel._buttons["repair.widen"].isVisible(), "a longer window helps no word"
    yard.press("Down")
    yard.press("Return")
    assert panel.words.text() == "dog"
    assert not panel._problem.isVisible(), "the refusal goes with its cause"
    yard.press("Return")
    yard.finish_work()
    assert held(yard).required().settings.texts == ("dog",)


def test_what_is_not_there_offers_a_longer_window_or_an_example(yard: Hands) -> None:
    window, panel = yard.window, yard.window.repair_panel
    type_words(yard, "church bells")
    yard.press("Return")
    yard.finish_work()
    assert held(yard).current is None
    assert panel._problem.isVisible()
    assert panel._buttons["repair.widen"].isVisible()
    yard.press("Alt+8")
    assert window.repairing._windows[0][0] < FIRST_BARK[0]
    yard.finish_work()
    assert panel._problem.isVisible(), "it is not there either"
    window.selecting.select(round(8.5 * RATE_HZ), round(9.2 * RATE_HZ))
    yard.press("Alt+9")
    yard.finish_work()
    made = held(yard).required()
    assert made.settings.example == (round(8.5 * RATE_HZ), round(9.2 * RATE_HZ))
    assert not made.settings.texts
    assert not panel._problem.isVisible()


def test_a_window_of_room_tone_is_muted_by_a_key(yard: Hands) -> None:
    window, panel, before = yard.window, yard.window.repair_panel, heard(yard)
    made = preview(yard, "dog")
    assert made.result.change.only_room_tone
    assert panel._buttons["repair.mute"].isVisible()
    yard.press("Alt+0")
    (mute,) = window.session.state.proposals.values()
    assert (mute.kind, mute.start_samples, mute.stop_samples) == ("mute", *FIRST_BARK)
    assert window.session.state.verdict(mute.id) is Verdict.ACCEPTED
    assert window.review.current == mute.id
    assert panel.isHidden()
    assert np.abs(heard(yard)[slice(*FIRST_BARK)]).max() < 0.05 * np.abs(before[slice(*FIRST_BARK)]).max()
    yard.press("Ctrl+Z")
    np.testing.assert_array_equal(heard(yard), before)


def test_words_that_cannot_be_meant_are_told_in_the_panel(yard: Hands) -> None:
    panel = yard.window.repair_panel
    yard.press("W")
    for words, said in BAD_WORDS:
        panel.words.line.setText(words)
        yard.press("Return")
        yard.finish_work()
        assert said in panel._problem.text()
        assert panel._problem.isVisible()
        assert panel.words.text() == words, "nothing is lost"
        assert held(yard).current is None


def test_silence_and_nothing_selected_are_told(yard: Hands, tmp_path: Path) -> None:
    window = yard.window
    window.selecting.let_go()
    yard.press("W")
    assert yard.refused[-1].startswith("No selection")
    for key in ("Alt+1", "Alt+6"):
        yard.press(key)
    assert window.repair_panel.isHidden()
    path = tmp_path / "silence.wav"
    soundfile.write(path, np.zeros(4 * RATE_HZ), RATE_HZ)
    with Document.create(tmp_path / "silence.offcut") as made:
        made.apply(import_edit(made.state, import_audio(ImportRequest((path,)), SILENT)))
    window.session.open(tmp_path / "silence.offcut")
    yard.finish_work()
    window.selecting.select(0, RATE_HZ)
    yard.press("W")
    for key, words in (("Return", "dog"), ("Alt+5", "")):
        QTest.keyClicks(window.repair_panel.words.line, words)
        yard.press(key)
        yard.finish_work()
        assert window.repair_panel._problem.text() == "The selection is silent: select the sound."


def test_escape_gives_up_the_job_then_the_panel(yard: Hands) -> None:
    window = yard.window
    type_words(yard, "dog")
    yard.press("Return")
    assert window.work.is_busy
    yard.press("Esc")
    assert window.repair_panel.isVisible()
    yard.finish_work()
    assert held(yard).current is None
    assert not window.session.state.proposals
    yard.press("Esc")
    assert window.repair_panel.isHidden()
    assert window.selecting.span == FIRST_BARK
    yard.press("1")  # is again what it is elsewhere
    assert "Play" not in yard.said[-1]


def test_a_sound_is_found_everywhere_and_fills_the_queue(yard: Hands) -> None:
    window = yard.window
    before = heard(yard)
    yard.do_and_answer(lambda: window.commands.run("repair.find"), fill(Sound="dog bark"))
    yard.finish_work()
    state = window.session.state
    spans = sorted({(one.start_samples, one.stop_samples) for one in state.proposals.values()})
    assert len(spans) == len(BARKS_S)
    for (start, stop), at_s in zip(spans, BARKS_S, strict=True):
        assert start - 0.2 * RATE_HZ <= at_s * RATE_HZ < stop
        assert stop - start < 3.5 * RATE_HZ
    assert not state.decisions
    assert window.review.current in state.proposals
    assert yard.said[-1].startswith("Found dog bark at 2 places")
    np.testing.assert_array_equal(heard(yard), before)
    yard.do_and_answer(lambda: window.commands.run("repair.find"), fill(Sound="church bells"))
    yard.finish_work()
    assert yard.said[-1].startswith("Church bells was not found")
    assert len(window.session.state.proposals) == 2, "a row for each place, on both tracks"


def test_a_second_repair_is_heard_and_made_over_the_first(yard: Hands) -> None:
    """The dog and then what is left: each as it was heard, and undone one after the other."""
    window, recorded = yard.window, heard(yard)
    preview(yard, "dog")
    yard.press("A")
    first, once = window.review.current, heard(yard)
    window.selecting.select(FIRST_BARK[0] + RATE_HZ // 2, FIRST_BARK[1] + RATE_HZ // 2)
    yard.press("W")
    window.repairing.painting.put((Range(*window.repairing._windows[0], 500.0, 4000.0),))
    yard.finish_work()
    made = held(yard).required()
    window.timeline.setFocus()
    yard.press("3")
    source = window.player._factory()
    around = source.read(0, window.session.state.length_samples)
    source.close()
    window.transport.stop()
    yard.press("A")
    twice = heard(yard)
    np.testing.assert_array_equal(twice, around, err_msg="accepted as it was heard")
    assert not np.array_equal(twice, once)
    np.testing.assert_array_equal(twice[: made.windows[0][0]], once[: made.windows[0][0]])
    np.testing.assert_array_equal(twice[made.windows[0][1] :], once[made.windows[0][1] :])
    assert first is not None
    window.review.choose(first)
    assert "was made on top of this one" in held_sentence(window.session.state, first)
    yard.press("Ctrl+Z")
    np.testing.assert_array_equal(heard(yard), once)
    yard.press("Ctrl+Z")
    np.testing.assert_array_equal(heard(yard), recorded)


def test_what_is_about_many_proposals_makes_room_for_the_panel(yard: Hands) -> None:
    preview(yard, "dog")
    yard.press("Alt+7")
    chips, foot = yard.window.queue_panel._head._chips, yard.window.queue_panel._foot
    yard.window.selecting.select(*FIRST_BARK)
    yard.press("W")
    assert not chips.isVisible()
    assert not foot.isVisible()
    yard.press("Esc")
    assert not yard.window.repair_panel.isVisible()
    assert chips.isVisible()
    assert foot.isVisible()


def test_the_separator_is_chosen_for_the_previews_that_follow(yard: Hands) -> None:
    """One without weights is refused with the command that trains them."""

    def choose(name: str) -> None:
        def answer(dialog: QWidget) -> None:
            (box,) = dialog.findChildren(QComboBox)
            (place,) = (number for number in range(box.count()) if box.itemText(number).startswith(name))
            box.setCurrentIndex(place)
            QTest.keyClick(dialog, Qt.Key.Key_Return)

        yard.do_and_answer(lambda: yard.window.commands.run("repair.separator"), answer)

    choose("nmf")
    assert "nmf" in preview(yard, "dog").result.maker
    assert "by nmf" in yard.window.repair_panel._where.text()
    choose("film-unet")
    yard.finish_work()
    assert "engine.lab.training.separation.film" in yard.window.repair_panel._problem.text()
