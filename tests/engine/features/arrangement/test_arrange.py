"""Edits are learned from recordings and what was made of them, and proposed in a document."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.analysis.found_takes import FoundTakes, Take, TakeGroup
from engine.cli.main import main
from engine.core.errors import UsageError
from engine.core.progress import SILENT, ReportingProgress
from engine.document.document import Document
from engine.document.edits.proposals import replace_proposals
from engine.document.proposals import BY_ARRANGING, Decision, Evidence, Proposal, Verdict
from engine.document.state import DocumentState
from engine.features.arrangement.choices.operations import ALL, PLACE, Choice, Operations
from engine.features.arrangement.choices.search import FittingOperations
from engine.features.arrangement.decode import Bounds, Decoded
from engine.features.arrangement.editor import load_editor, save_editor
from engine.features.arrangement.finder.arrange import before_attacks, bounds_of, proposed_of
from engine.features.arrangement.finder.learn_edits import edits_of
from engine.features.arrangement.finder.requests import (
    LearnEditsRequest,
    PairQuality,
    RawAndEdited,
    pair_problem,
    pairs_problem,
    require_arranging,
)
from engine.features.arrangement.methods import CHOICES, Hits, Method, Rate, agreed_cuts_of
from engine.features.arrangement.references import keeping_references, references_of
from engine.features.arrangement.step_features import StepFeatures, with_sections
from engine.features.arrangement.steps import Section, order_of, plays
from engine.features.registry import FoundEdits, request_of
from engine.review.finders import Found
from engine.sound.edl.build import build
from tests.engine.features.arrangement import made
from tests.engine.features.takes.playing import RATE_HZ, passage, quiet
from tests.engine.sound.edl.recordings import timeline_state

STEPS = 80
STATE = timeline_state(STEPS * 500, made.RATE_HZ)


def heard_of_document() -> StepFeatures:
    one = made.heard(np.random.default_rng(0), [(20, True), (10, False), (50, True)])
    group = TakeGroup(
        "passage at 0:00",
        (Take(0.0, 10.0, True, 0, 1.0, 0.0, 1.0), Take(15.0, 40.0, True, 0, 1.0, 0.0, 1.0)),
    )
    return replace(one, takes=FoundTakes((group,), (), ((0.0, 10.0), (15.0, 40.0))))


def test_accepting_all_that_is_proposed_plays_the_arrangement() -> None:
    order = order_of([(30, 38), (30, 38), (38, 60), (64, 80)])
    made_of = proposed_of(STATE, heard_of_document(), [Decoded(order, 0.0)])
    assert build(accepted(made_of.proposals)).length_samples == len(order) * 500
    assert {one.kind for one in made_of.proposals} == {"cut", "repeat"}
    assert made_of.result_s == pytest.approx(len(order) * 0.5)


def test_a_long_cut_is_parted_where_playing_begins() -> None:
    found = [Decoded(order_of([(70, 80)]), 0.0)]
    rows = proposed_of(STATE, heard_of_document(), found).proposals
    assert [(one.start_samples, one.stop_samples) for one in rows] == [(0, 15_000), (15_000, 35_000)]
    assert build(accepted(rows)).length_samples == 5_000


def accepted(proposals: tuple[Proposal, ...]) -> DocumentState:
    return replace(
        STATE,
        proposals={one.id: one for one in proposals},
        decisions={one.id: Decision(one.id, Verdict.ACCEPTED) for one in proposals},
    )


def test_reasons_name_what_stays() -> None:
    order = order_of([(30, 38), (30, 38), (38, 60), (64, 80)])
    rows = proposed_of(STATE, heard_of_document(), [Decoded(order, 0.0)]).proposals
    assert any(one.evidence is Evidence.STRONG and "0:15" in one.reason for one in rows)
    assert [one.evidence for one in rows if one.kind == "repeat"] == [Evidence.WEAK]
    assert all(one.reason.endswith(".") and 0.5 <= one.score <= 1.0 for one in rows)


def test_a_moved_block_says_where_it_comes_from_and_is_valid_alone() -> None:
    heard = with_sections(heard_of_document(), [(15.0, 25.0, "Verse"), (25.0, 40.0, "Chorus")])
    order = order_of([(50, 80), (30, 50)])
    rows = proposed_of(STATE, heard, [Decoded(order, 0.0)]).proposals
    (move,) = [one for one in rows if one.kind == "move"]
    assert move.reason == "Verse from 0:15 comes second."
    assert build(accepted((move,))).length_samples == STATE.length_samples
    assert build(accepted(rows)).length_samples == len(order) * 500
    numbered = with_sections(heard_of_document(), [(15.0, 25.0, "A"), (25.0, 40.0, "B")])
    rows = proposed_of(STATE, numbered, [Decoded(order_of([(70, 80), (30, 60)]), 0.0)]).proposals
    assert [one.reason for one in rows if one.kind == "move"] == ["Section B from 0:35 comes first."]


def test_other_arrangements_are_alternatives_of_the_same_cut() -> None:
    found = [Decoded(order_of([(30, 80)]), 0.0), Decoded(order_of([(28, 80)]), -1.0)]
    (cut,) = proposed_of(STATE, heard_of_document(), found).proposals
    assert [(one.start_samples, one.stop_samples) for one in cut.alternatives] == [(0, 14_000)]


def test_an_arrangement_replaces_the_one_before_and_planners_by_scores_leave_it() -> None:
    made_of = proposed_of(STATE, heard_of_document(), [Decoded(order_of([(30, 80)]), 0.0)])
    (cut,) = made_of.proposals
    assert cut.maker == BY_ARRANGING
    state = replace(STATE, proposals={cut.id: cut})
    assert not replace_proposals(state, (), {}, "by scores", kinds=("cut",)).changes
    again = proposed_of(state, heard_of_document(), [Decoded(order_of([(20, 80)]), 0.0)])
    found = FoundEdits(request_of("arrangement", state, {}, {}), Found(again.proposals), {})
    assert [change.before for change in found.proposing(state).changes if change.after is None] == [cut]


def test_lengths_that_are_none_are_refused() -> None:
    with pytest.raises(UsageError, match="above 0"):
        require_arranging(STATE, 0.0)
    with pytest.raises(UsageError, match="above 0"):
        require_arranging(STATE, float("nan"))
    assert not bounds_of(STATE, heard_of_document(), 1.0).must.any()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two rehearsals with an edit of the first, and a document of the second."""
    folder = tmp_path_factory.mktemp("rehearsals")
    for name, seed in (("one", 1), ("two", 5)):
        take, rest = passage(seed, 14.0), passage(seed + 1, 12.0)
        sound = np.concatenate([take[: 5 * RATE_HZ], quiet(3.0), take, quiet(4.0, 2), rest, quiet(2.0, 3)])
        soundfile.write(folder / f"{name}.flac", sound, RATE_HZ)
        if name == "one":
            edited = np.concatenate([take, rest])
            soundfile.write(folder / "edited.flac", edited, RATE_HZ)
    hiss = np.random.default_rng(7).standard_normal(10 * RATE_HZ).astype(np.float32)
    soundfile.write(folder / "other.flac", 0.1 * hiss, RATE_HZ)
    soundfile.write(folder / "silence.flac", np.zeros(8 * RATE_HZ, np.float32), RATE_HZ)
    soundfile.write(folder / "second.flac", passage(98, 1.2)[:RATE_HZ], RATE_HZ)
    assert main(["new", str(folder / "two.offcut"), str(folder / "two.flac")]) == 0
    words = ["learn-edits", "--raw", str(folder / "one.flac"), "--edited", str(folder / "edited.flac")]
    with redirect_stdout(io.StringIO()) as told:
        assert main([*words, "--out", str(folder / "mine.editor"), "--json"]) == 0
    (folder / "told.json").write_text(told.getvalue())
    return folder


def test_the_verbs_learn_and_arrange(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    words = ["arrange", str(folder / "two.offcut"), "--editor", str(folder / "mine.editor"), "--json"]
    assert main([*words, "--minutes", "0.4"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["arrangement"]
    assert told["result_s"] == pytest.approx(24.0, rel=0.25)
    with Document.open(folder / "two.offcut") as document:
        proposals = document.state.proposals
        assert {one.maker for one in proposals.values()} == {BY_ARRANGING}
        assert len(proposals) == len(told["arrangement"])


@pytest.mark.long
def test_the_verb_is_an_alias_of_the_finder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project, settings = str(folder / "two.offcut"), ["--editor", str(folder / "mine.editor"), "--seed", "2"]
    told = []
    for words in (["arrange", project], ["propose", project, "arrangement"]):
        capsys.readouterr()
        assert main([*words, *settings, "--json"]) == 0
        told.append(json.loads(capsys.readouterr().out))
    verb, finder = told
    assert [row["id"] for row in verb["arrangement"]] == [row["id"] for row in finder["found"]]
    assert {key: finder[key] for key in verb if key != "arrangement"} == {
        key: verb[key] for key in verb if key != "arrangement"
    }


def test_what_was_learned_is_told_in_words_and_kept_in_the_file(folder: Path) -> None:
    told = json.loads((folder / "told.json").read_text())
    (pair,) = told["pairs"]
    assert pair["left_out_s"] == pytest.approx(40.0 - 26.0, abs=0.2)
    habits = told["habits"]
    # The false start sounds as the take begins, so that a part may be found in either.
    assert habits["pieces"] in (2, 3)
    assert habits["cuts"] >= 2
    assert (habits["loops"], habits["plays"]) == (0, pytest.approx(1.0, abs=0.01))
    assert habits["kept_share"] == pytest.approx(26.0 / 40.0, abs=0.01)
    assert habits["words"][0].startswith(f"Length of a piece: {habits['piece_s']:.1f} s")
    editor = load_editor(folder / "mine.editor")
    assert editor.habits is not None
    assert list(editor.habits.words()) == habits["words"]
    save_editor(replace(editor, habits=None), folder / "older.editor")
    assert load_editor(folder / "older.editor").habits is None


def test_a_pair_that_is_none_is_left_out_where_that_is_wanted(folder: Path) -> None:
    reports: list[PairQuality] = []

    def listen(_fraction: float, text: str, figures: dict[str, float]) -> None:
        if (found := PairQuality.reported(text, figures)) is not None:
            reports.append(found)

    one = folder / "one.flac"
    pairs = tuple(RawAndEdited((one,), folder / name) for name in ("other.flac", "edited.flac", "gone.flac"))
    made = edits_of(LearnEditsRequest(pairs, goes_on=True), ReportingProgress(listen))
    assert [bool(found.problem) for found in reports] == [True, False, True]
    assert tuple(found.problem for found in reports if found.problem) == made.left_out
    assert reports[1].matched_share > 0.95
    assert reports[1].left_out_s == pytest.approx(14.0, abs=0.2)
    assert "0:14 left out" in reports[1].words
    assert len(made.pairs) == 1


@pytest.mark.long
def test_other_music_of_the_same_sounds_is_no_edit(folder: Path) -> None:
    pair = RawAndEdited((folder / "one.flac",), folder / "two.flac")
    with pytest.raises(UsageError, match="name the recordings it was made of"):
        edits_of(LearnEditsRequest((pair,)), SILENT)


def test_a_copy_of_the_recording_teaches_nothing(folder: Path, tmp_path: Path) -> None:
    one = folder / "one.flac"
    copy = tmp_path / "copy.flac"
    copy.write_bytes(one.read_bytes())
    with pytest.raises(UsageError, match="the same file"):
        edits_of(LearnEditsRequest((RawAndEdited((one,), copy),)), SILENT)
    samples, rate_hz = soundfile.read(one)
    soundfile.write(tmp_path / "copy.wav", samples, rate_hz, "FLOAT")
    with pytest.raises(UsageError, match="uncut"):
        edits_of(LearnEditsRequest((RawAndEdited((one,), tmp_path / "copy.wav"),)), SILENT)


@pytest.mark.parametrize(
    ("raws", "edited", "sentence"),
    [
        (("a.wav",), "a.wav", "choose two files"),
        (("a.wav", "a.wav"), "b.wav", "named twice"),
        ((), "b.wav", "Which recording"),
        (("a.wav",), None, "Which file"),
        ((), None, "Choose a recording"),
        (("a.wav",), "b.wav", ""),
    ],
)
def test_names_of_a_pair_are_checked(raws: tuple[str, ...], edited: str | None, sentence: str) -> None:
    said = pair_problem([Path(raw) for raw in raws], None if edited is None else Path(edited))
    assert sentence in said
    assert bool(said) == bool(sentence)


def test_the_same_edit_is_named_once() -> None:
    one = RawAndEdited((Path("a.wav"),), Path("b.wav"))
    other = RawAndEdited((Path("c.wav"),), Path("b.wav"))
    assert "b.wav is named twice" in pairs_problem([one, other])
    assert not pairs_problem([one])


def test_what_is_held_is_never_cut(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["edit", str(folder / "two.offcut"), "keep", "--start-s", "1", "--stop-s", "4"]
    assert main(words) == 0
    assert main(["arrange", str(folder / "two.offcut"), "--minutes", "0.3", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out.splitlines()[-1])["arrangement"]
    assert all(row["kind"] != "cut" or row["stop_s"] <= 1.0 or row["start_s"] >= 4.0 for row in rows)
    assert main(["arrange", str(folder / "two.offcut"), "--minutes", "0.01"]) == 2
    assert "Your keeps alone last" in capsys.readouterr().err


def test_a_reference_edit_is_taken_as_an_example(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = [str(folder / "one.flac"), str(folder / "edited.flac")]
    assert main(["arrange", str(folder / "two.offcut"), "--like", *example, "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["recording_s"] == pytest.approx(40.0, abs=0.3)


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        pytest.param(
            ["learn-edits", "--raw", "one.flac", "--edited", "other.flac", "--out", "x.editor"],
            2,
            "comes from",
            marks=pytest.mark.long,
        ),
        pytest.param(
            ["learn-edits", "--raw", "one.flac", "--edited", "silence.flac", "--out", "x.editor"],
            2,
            "comes from",
            marks=pytest.mark.long,
        ),
        (
            ["learn-edits", "--raw", "second.flac", "--edited", "second.flac", "--out", "x.editor"],
            2,
            "second.flac",
        ),
        (
            ["learn-edits", "--raw", "one.flac", "--edited", "edited.flac", "--out", "x.taste"],
            2,
            "use the suffix .editor",
        ),
        (
            ["learn-edits", "--raw", "one.flac", "--edited", "edited.flac", "--out", "mine.editor"],
            1,
            "mine.editor",
        ),
        (["arrange", "two.offcut", "--editor", "gone.editor"], 1, "There is no editor"),
        (["arrange", "two.offcut", "--editor", "one.flac"], 1, "not an editor"),
        (["arrange", "two.offcut", "--minutes", "0"], 2, "above 0"),
    ],
)
def test_wrong_use_is_one_sentence(
    folder: Path, words: list[str], status: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    named = [
        str(folder / word) if "." in word and not word.replace(".", "").isdigit() else word for word in words
    ]
    assert main(named) == status
    said = capsys.readouterr().err
    assert sentence in said
    assert "Traceback" not in said
    assert not (folder / "x.editor").exists()


def test_silence_is_arranged_to_something_or_left_alone(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", str(folder / "silence.offcut"), str(folder / "silence.flac")]) == 0
    capsys.readouterr()
    assert main(["arrange", str(folder / "silence.offcut"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert 0.0 < told["result_s"] <= told["recording_s"]


def test_edges_are_before_attacks_that_are_early_for_the_beat() -> None:
    edges = np.array([0, 48_000, 96_000, 144_000, 192_000])
    onsets = np.array([10, 47_232, 96_100, 120_000, 143_000, 191_500])
    moved = before_attacks(edges, onsets, 48_000)
    assert moved.tolist() == [0, 46_992, 95_860, 142_760, 192_000]
    assert before_attacks(edges, onsets[:0], 48_000) is edges


def test_a_quiet_intro_of_a_song_that_stays_has_weak_evidence() -> None:
    rng = np.random.default_rng(0)
    song = replace(made.heard(rng, [(12, False), (68, True)]), takes=FoundTakes((), (), ((0.0, 40.0),)))
    (cut,) = proposed_of(STATE, song, [Decoded(order_of([(12, 80)]), 0.0)]).proposals
    assert (cut.start_samples, cut.stop_samples, cut.evidence) == (0, 6_000, Evidence.WEAK)
    apart = replace(
        made.heard(rng, [(40, False), (40, True)]), takes=FoundTakes((), (), ((0.0, 5.0), (20.0, 40.0)))
    )
    (cut,) = proposed_of(STATE, apart, [Decoded(order_of([(40, 80)]), 0.0)]).proposals
    assert cut.evidence is Evidence.STRONG


def test_cuts_that_other_fitting_habits_play_are_weak() -> None:
    heard = replace(heard_of_document(), phrases=(Section(0, 20, 0), Section(30, 80, 1)))
    one = FittingOperations(Operations(choices=(Choice(ALL, PLACE, is_most=False, count=1),)), (0.9, 0.9))
    other = FittingOperations(Operations(), (0.9, 0.9))
    hits = Hits(phrases=Rate(10, 10), others=Rate(10, 10))
    order = order_of([(0, 20)])
    for fitting, of_phrase in (((one,), Evidence.STRONG), ((one, other), Evidence.WEAK)):
        method = Method(CHOICES, fitting, hits=hits)
        rows = proposed_of(STATE, heard, [Decoded(order, 0.0)], method=method).proposals
        assert [(row.start_samples, row.evidence) for row in rows] == [
            (10_000, Evidence.STRONG),
            (15_000, of_phrase),
        ]
    agreed = agreed_cuts_of(method, heard)
    assert np.flatnonzero(agreed).tolist() == list(range(20, 30))


def test_talk_is_named_before_takes_are_compared_and_is_not_a_take() -> None:
    """Talk in the place of a take of the same passage."""
    heard = replace(heard_of_document(), talk_s=((15.0, 24.0),))
    order = order_of([(0, 20)])
    cut = proposed_of(STATE, heard, [Decoded(order, 0.0)]).proposals[-1]
    assert (cut.start_samples, cut.stop_samples) == (15_000, 40_000)
    assert "Talk" not in cut.reason, "most of it is music"
    talk = replace(heard, talk_s=((15.0, 39.0),))
    cut = proposed_of(STATE, talk, [Decoded(order, 0.0)]).proposals[-1]
    assert (cut.reason, cut.evidence) == ("Talk for 24 s.", Evidence.STRONG)
    played = plays(order_of([(0, 80)]), len(talk))
    assert not references_of(talk, played)[31:77].any()
    bounds = keeping_references(Bounds(np.zeros(80, bool), np.zeros(80, bool)), talk, played)
    assert bounds.never[31:77].all()


def test_a_pause_between_takes_is_a_pause_whatever_is_played_around_it() -> None:
    cuts = proposed_of(STATE, heard_of_document(), [Decoded(order_of([(0, 20), (30, 80)]), 0.0)]).proposals
    assert [(one.reason, one.evidence) for one in cuts] == [("A pause of 5.0 s.", Evidence.STRONG)]
