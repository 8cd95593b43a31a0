"""Leaving less of pauses: as much as was asked for, at either side, and no word is touched."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from engine.cli.main import main
from engine.core.errors import UsageError
from engine.core.progress import SILENT
from engine.document.analysis import Listening, Transcript
from engine.document.document import Document
from engine.document.edits.analyses import tracks_key
from engine.document.edits.proposals import decide
from engine.document.file.storage import apply_rows
from engine.document.proposals import Verdict
from engine.features.registry import FoundEdits, request_of
from engine.features.taste.document_cuts import propose_pauses
from engine.features.taste.finders import find_pauses
from tests.engine.analysis.signal.test_pauses import speech
from tests.engine.features.taste.finders.test_propose import LENGTH_S, RATE_HZ, document

HOP = 160


def heard(gaps):
    """What was heard of a document: speech at -20 dB, and -70 dB in these hops, [start, stop)."""
    levels = np.full(LENGTH_S * RATE_HZ // HOP, -20.0, np.float32)
    for start, stop in gaps:
        levels[start:stop] = -70.0
    return Listening(loudness_db=levels, hop_samples=HOP)


def shortened(state, listening, **settings):
    """The result of the finder, to be put into a document."""
    request = request_of("pauses", state, {}, {"listening": listening}, settings)
    return FoundEdits(request, find_pauses(request, SILENT), {})


GAPS = st.lists(st.integers(0, 240), min_size=2, max_size=20, unique=True).map(
    lambda places: [(25 * a, 25 * b) for a, b in zip(sorted(places)[::2], sorted(places)[1::2], strict=False)]
)
EVERYTHING = [(0, 6000)]


@given(GAPS.filter(lambda gaps: gaps != EVERYTHING), st.floats(0.3, 3.0), st.floats(0.0, 1.0))
def test_so_much_is_left_of_each_pause_as_was_asked_for(gaps, longest_s, share):
    state, left_s = document(), share * longest_s
    made = shortened(state, heard(gaps), longer_than_s=longest_s, leave_s=left_s).found
    hop_s = HOP / RATE_HZ
    for one in made.proposals:
        ((start, stop),) = (
            (a, b) for a, b in gaps if a * HOP <= one.start_samples and one.stop_samples <= b * HOP
        )
        pause_s = (stop - start) * hop_s
        cut_s = (one.stop_samples - one.start_samples) / RATE_HZ
        at_edge = (start == 0) + (stop * HOP == state.length_samples)
        wanted_s = left_s * (1 - at_edge / 2) if at_edge < 2 else 0.0
        # Levels are told in hops, of which the mean of three takes one at either side.
        assert wanted_s - 1e-3 <= pause_s - cut_s <= wanted_s + 2 * hop_s + 1e-3
        assert pause_s > longest_s - hop_s
    found = {(one.start_samples, one.stop_samples) for one in made.proposals}
    assert len(found) == len(made.proposals)
    assert made.figures["cut_s"] == pytest.approx(sum(stop - start for start, stop in found) / RATE_HZ)
    surely = [(a, b) for a, b in gaps if (b - a - 3) * hop_s >= longest_s and b - a > 25]
    if left_s < longest_s - 0.1:
        assert len(made.proposals) >= len(surely)


def test_where_nothing_is_said_there_is_nothing_to_shorten():
    made = shortened(document(), heard(EVERYTHING), longer_than_s=1.0, leave_s=0.0)
    assert not made.found.proposals


def test_what_was_answered_and_what_others_made_stays():
    state = document()
    listening = heard([(1000, 1200), (3000, 3300)])
    ((edit, _, _),) = shortened(state, listening).edits(state)
    state = apply_rows(state, edit.changes)
    first, second = sorted(state.proposals.values(), key=lambda one: one.start_samples)
    assert (first.reason, second.reason) == (
        "A pause of 4.0 s, of which 0.4 s is left.",
        "A pause of 6.0 s, of which 0.4 s is left.",
    )
    assert second.score > first.score
    state = apply_rows(state, decide(state, [first.id], Verdict.REJECTED).changes)
    ((edit, _, _),) = shortened(state, listening, longer_than_s=1.0, leave_s=0.2).edits(state)
    again = apply_rows(state, edit.changes)
    assert first.id in again.proposals
    assert second.id not in again.proposals
    none_found = propose_pauses(again, Listening())
    assert apply_rows(again, none_found.edit.changes).proposals == again.proposals


@pytest.mark.parametrize(
    ("settings", "value"),
    [
        ({"longer_than_s": 0.0}, "0"),
        ({"longer_than_s": 900.0}, "900"),
        ({"longer_than_s": 0.5, "leave_s": 0.6}, "0.6"),
        ({"longer_than_s": 0.5, "leave_s": -1.0}, "-1"),
        ({"longer_than_s": "soon"}, "soon"),
        ({"longer_than_s": 2.0, "up_to_s": 2.0}, r"up to 2 s .* above 2 s"),
        ({"up_to_s": 0.5}, r"up to 0.5 s .* above 0.8 s"),
        ({"up_to_s": 9_000.0}, "9000"),
        ({"leave_after_sentence_s": 0.9}, "0.9"),
        ({"louder_than_db": 3.0}, "louder_than_db"),
    ],
)
def test_settings_outside_their_limits_are_refused(settings, value):
    with pytest.raises(UsageError, match=value):
        shortened(document(), heard([]), **settings)


def test_no_more_is_left_than_a_pause_is_long():
    request = request_of("pauses", document(), {}, {}, {"longer_than_s": 0.2})
    assert request.settings.leave_s == 0.2


def test_pauses_above_a_limit_are_left_as_they_are():
    gaps = [(500, 600), (1000, 1200), (2000, 2400), (3000, 3500), (5600, 6000)]  # 2, 4, 8, 10 and 8 s
    shorter, none, every = (
        shortened(document(), heard(gaps), longer_than_s=1.0, leave_s=0.4, **asked).found
        for asked in ({"up_to_s": 5.0}, {"up_to_s": 1.5}, {})
    )
    assert [round(one.start_samples / HOP, -2) for one in shorter.proposals] == [500, 1000]
    assert shorter.figures["left_pauses"] == 3
    assert "3 pauses over 5 s" in shorter.summary
    assert not none.proposals
    assert none.figures == {"cut_s": 0.0, "left_pauses": 5}
    assert len(every.proposals) == 5
    assert every.figures["left_pauses"] == 0
    assert " over " not in every.summary
    assert shorter.proposals == every.proposals[:2], "the limit changes no other cut"


def test_a_pause_as_long_as_the_limit_is_shortened():
    listening = heard([(1000, 1202)])  # the smoothing takes a hop at either end, so that it is 4.0 s
    (one,) = shortened(document(), listening, up_to_s=4.0).found.proposals
    assert one.reason.startswith("A pause of 4.0 s")
    assert not shortened(document(), listening, up_to_s=3.98).found.proposals


def spoken(state, texts, starts, *, word_hops=25, speakers=None, model="base"):
    """A transcript of words that begin at these hops."""
    spans = np.array([(start * HOP, (start + word_hops) * HOP) for start in starts], np.int64).reshape(-1, 2)
    speakers = np.zeros(len(texts), np.int16) if speakers is None else np.array(speakers, np.int16)
    return Transcript(
        texts,
        spans,
        np.ones(len(texts), np.float32),
        speakers,
        names=("Anna", "Ben"),
        model=model,
        of_sound=tracks_key(state),
    )


def with_words(words, gaps, **settings):
    state = document()
    transcript = spoken(state, *words) if isinstance(words, tuple) else words
    request = request_of("pauses", state, {}, {"listening": heard(gaps), "words": transcript}, settings)
    return find_pauses(request, SILENT)


TALK = (["We", "went", "home.", "Then", "it", "rained"], [900, 975, 1175, 1300, 2000, 2225])
TALK_GAPS = [(1000, 1175), (1200, 1300), (2025, 2225)]
"""Within a sentence, after one, and within the next one: 3.5, 2 and 4 s."""


def lengths_left(found, gaps):
    """What is left of each pause, in seconds."""
    lengths_s = []
    for one in found.proposals:
        start, stop = next(gap for gap in gaps if gap[0] * HOP <= one.start_samples < gap[1] * HOP)
        lengths_s.append(((stop - start) * HOP - (one.stop_samples - one.start_samples)) / RATE_HZ)
    return lengths_s


def test_more_is_left_after_a_sentence_and_rows_show_the_words():
    found = with_words(TALK, TALK_GAPS, leave_s=0.4)
    assert lengths_left(found, TALK_GAPS) == pytest.approx([0.4, 0.6, 0.4], abs=2.5 * HOP / RATE_HZ)
    first, second, third = (one.reason for one in found.proposals)
    assert first.endswith("We went [pause] home. Then it rained")
    assert "after a sentence" in second
    assert second.endswith("We went home. [pause] Then it rained")
    assert "after a sentence" not in third
    asked = with_words(TALK, TALK_GAPS, leave_s=0.2, leave_after_sentence_s=0.8)
    assert lengths_left(asked, TALK_GAPS) == pytest.approx([0.2, 0.8, 0.2], abs=2.5 * HOP / RATE_HZ)


def test_another_speaker_ends_a_sentence():
    state = document()
    texts, starts = TALK
    words = spoken(state, texts, starts, speakers=[0, 0, 1, 1, 1, 1])
    found = with_words(words, TALK_GAPS, leave_s=0.4)
    assert ["after a sentence" in one.reason for one in found.proposals] == [True, True, False]


@given(
    GAPS, st.lists(st.integers(0, 5_900), max_size=30, unique=True), st.floats(0.3, 3.0), st.floats(0.0, 1.0)
)
def test_no_edge_of_a_cut_is_in_a_word(gaps, starts, longest_s, share):
    """Words at any places, as soft ones that the level counts as a pause."""
    state, starts = document(), sorted(starts)
    words = spoken(state, ["soft."] * len(starts), starts)
    found = with_words(words, gaps, longer_than_s=longest_s, leave_s=share * longest_s)
    spans = words.spans_samples
    for cut in found.proposals:
        assert not ((spans[:, 0] < cut.stop_samples) & (cut.start_samples < spans[:, 1])).any()
        assert any(a * HOP <= cut.start_samples and cut.stop_samples <= b * HOP for a, b in gaps)


def test_words_without_exact_edges_or_of_other_sound_change_nothing():
    state = document()
    texts, starts = TALK
    plain = shortened(state, heard(TALK_GAPS)).found
    subtitles = spoken(state, texts, starts, word_hops=200, model="")
    other = replace(spoken(state, texts, starts), of_sound="another")
    for words in (subtitles, other, spoken(state, [], [])):
        assert with_words(words, TALK_GAPS).proposals == plain.proposals


def test_no_more_is_left_after_a_sentence_than_a_pause_is_long():
    for longest_s, left_s in ((0.2, 0.2), (0.5, 0.5), (2.0, 0.6)):
        request = request_of("pauses", document(), {}, {}, {"longer_than_s": longest_s})
        assert request.settings.left_after_sentence_s == pytest.approx(left_s)


def test_the_verb_shortens_them_and_the_export_is_as_much_shorter(tmp_path, capsys):
    samples, spans = speech(-60.0)
    soundfile.write(tmp_path / "talk.wav", samples, 16_000)
    project, out = str(tmp_path / "talk.offcut"), tmp_path / "tight.wav"
    assert main(["new", project, str(tmp_path / "talk.wav")]) == 0
    assert main(["propose", project, "pauses", "--longer-than-s", "0.6", "--leave-s", "0.3", "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    long = np.diff(spans)[:, 0]
    long = long[long > 0.8]  # 0.7 s may be a hop short of 0.6 s at either side
    assert len(long) <= len(told["found"]) <= len(long) + 1
    assert told["cut_s"] == pytest.approx(float(np.sum(long - 0.3)), abs=0.1 * len(long) + 0.4)
    assert main(["decide", project, "accept", "--all"]) == 0
    assert main(["export", project, "--out", str(out)]) == 0
    assert soundfile.info(out).duration == pytest.approx(len(samples) / 16_000 - told["cut_s"], abs=0.01)
    with Document.open(tmp_path / "talk.offcut") as stored:
        assert {one.maker for one in stored.state.proposals.values()} == {"shorter pauses"}
    ids = [one["id"] for one in told["found"]]
    argv = ["propose", project, "pauses", "--longer-than-s", "0.6", "--leave-s", "0.3", "--json"]
    assert main(["decide", project, "reset", "--all"]) == 0
    capsys.readouterr()
    assert main(argv) == 0
    assert [one["id"] for one in json.loads(capsys.readouterr().out)["found"]] == ids
    assert main([*argv, "--up-to-s", "1.7"]) == 0
    limited = json.loads(capsys.readouterr().out)
    assert limited["left_pauses"] == np.sum(long > 1.7)
    assert len(limited["found"]) == len(ids) - limited["left_pauses"]
    assert main(["propose", project, "takes", "--leave-s", "0.3"]) == 2
    assert "--leave-s" in capsys.readouterr().err
