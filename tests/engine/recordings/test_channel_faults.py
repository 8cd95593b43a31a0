"""Clipping and dead channels from the files to what is read of them; no cut depends on them."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from engine.cli.main import main
from engine.core.progress import SILENT
from engine.document.analysis import Listening
from engine.document.document import Document
from engine.document.edits.proposals import set_analyses
from engine.features.taste.cuts.profile import curve_of_pauses
from engine.features.taste.document_cuts import propose, propose_pauses
from engine.recordings.analyses import AnalysisRequest
from engine.recordings.channel_faults import ChannelFault, channel_faults, channel_faults_sentence
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from engine.recordings.listen import listen_to_document
from engine.recordings.media import locate_all

RATE_HZ = 16_000


def bursts(length_s, seed=1):
    """Something that is played: noise that decays twice a second."""
    at_s = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    heard = np.random.default_rng(seed).standard_normal(len(at_s)) * np.exp(-6 * (at_s % 0.5))
    return (0.2 * heard / np.abs(heard).max()).astype(np.float32)


@pytest.fixture
def files(tmp_path):
    """Guitar clips from 10 to 12 s, in a pause; the left channel of Overheads is dead from 4 to 9 s.

    Room clips as well and has another rate. From 9.5 to 20 s nobody plays else.
    """
    guitar, overheads, room = bursts(30), np.stack([bursts(30, 2), bursts(30, 3)], axis=1), bursts(30, 4)
    for played in (guitar, overheads, room):
        played[round(9.5 * RATE_HZ) : 20 * RATE_HZ] = 0
    clipped = 0.2 * bursts(0.5, 5)
    clipped[400::800] = clipped[401::800] = clipped[402::800] = 0.9
    guitar[10 * RATE_HZ : 10 * RATE_HZ + 8_000] = clipped
    overheads[4 * RATE_HZ : 9 * RATE_HZ, 0] = 0
    double = np.repeat(room, 2)
    double[50 * RATE_HZ : 52 * RATE_HZ] = np.clip(20 * double[50 * RATE_HZ : 52 * RATE_HZ], -0.5, 0.5)
    paths = [tmp_path / f"{name}.wav" for name in ("Guitar", "Overheads", "Room")]
    soundfile.write(paths[0], guitar, RATE_HZ, "FLOAT")
    soundfile.write(paths[1], overheads, RATE_HZ, "FLOAT")
    soundfile.write(paths[2], double, 2 * RATE_HZ, "FLOAT")
    return paths


@pytest.fixture
def document(tmp_path, files):
    """Listened to."""
    imported = import_audio(ImportRequest(tuple(files), RATE_HZ), SILENT)
    with Document.create(tmp_path / "jam.offcut") as document:
        document.apply(import_edit(document.state, imported))
        media = locate_all(document.state, tmp_path)
        heard = listen_to_document(AnalysisRequest(document.state, media), SILENT)
        edit = set_analyses(document.state, heard.ids, "Listened")
        document.apply(edit, {heard.ids[kind]: found for kind, found in heard.analyses.items()})
        yield document


def test_listening_finds_them_in_the_sources_whatever_their_rate(document, tmp_path):
    found = channel_faults(document.analysis("listening"), document.state)
    clipped, dead, other_rate = found
    at_s = [(one.start_samples / RATE_HZ, one.stop_samples / RATE_HZ) for one in found]
    assert (clipped.kind, clipped.track, clipped.channel, clipped.count) == ("clipping", "Guitar", 1, 10)
    np.testing.assert_allclose(at_s[0], (10.0, 10.5), atol=0.05)
    assert (dead.kind, dead.track, dead.channel, dead.channels) == ("dead-channel", "Overheads", 1, 2)
    np.testing.assert_allclose(at_s[1], (4.0, 9.0), atol=0.11)
    assert (other_rate.kind, other_rate.track) == ("clipping", "Room")
    np.testing.assert_allclose(at_s[2], (25.0, 26.0), atol=0.6)
    document.close()
    with Document.open(tmp_path / "jam.offcut") as again:
        assert channel_faults(again.analysis("listening"), again.state) == found


def test_no_cut_depends_on_them_and_reasons_where_they_are_say_so(document):
    state, listening = document.state, document.analysis("listening")
    length = state.length_samples
    without = replace(
        listening,
        **{name: getattr(Listening(), name) for name in Listening.__dataclass_fields__ if "channel" in name},
    )
    some = replace(
        listening, dead_air_samples=np.array([[3 * RATE_HZ, 12 * RATE_HZ]]), dead_air_kinds=["room"]
    )
    some = replace(some, dead_air_db=np.array([-58], np.float32))
    said = {}
    for name, one in (("without", replace(without, dead_air_samples=some.dead_air_samples)), ("with", some)):
        one = replace(one, dead_air_kinds=some.dead_air_kinds, dead_air_db=some.dead_air_db)
        plan = propose(state, curve_of_pauses(one, length), None, one, {"threshold_mode": "score"}).plan
        said[name] = [(p.id, p.score, p.reason.split(";")[0].rstrip(".")) for p in plan.proposals]
        reasons = [p.reason for p in plan.proposals]
    assert said["with"] == said["without"] != []
    assert reasons[0].endswith("; clipped 10 times in Guitar; the left channel of Overheads is dead.")


def test_of_a_part_it_is_not_said_how_often_it_clips(document):
    listening = document.analysis("listening")
    cut = np.array([[round(10.2 * RATE_HZ), 15 * RATE_HZ]])
    one = replace(
        listening, dead_air_samples=cut, dead_air_kinds=["silence"], dead_air_db=np.array([-120], np.float32)
    )
    plan = propose_pauses(document.state, one).plan
    assert [p.reason.split("; ")[1:] for p in plan.proposals] == [["clipped in Guitar."]]


def test_the_verb_lists_them_and_says_them_in_one_sentence(tmp_path, files, capsys):
    project = str(tmp_path / "verb.offcut")
    assert main(["new", project, *map(str, files)]) == 0
    assert main(["propose", project, "dead-air", "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])["told"]
    assert [(one["kind"], one["track"], one["channel"], one["count"]) for one in told[:2]] == [
        ("clipping", "Guitar", 1, 10),
        ("dead-channel", "Overheads", 1, 1),
    ]
    assert all(0 <= one["start_s"] < one["stop_s"] <= 30 for one in told)
    assert main(["propose", project, "dead-air"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert "Channels to look at: clipped 10 times in Guitar; the left channel of Overheads is dead;" in last


def told(kind="clipping", track="Kick", channel=1, channels=1, count=3):
    return ChannelFault(kind, track, channel, channels, 0, 10, count)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([], ""),
        ([told(count=1)], "clipped once in Kick."),
        ([told(count=900), told(count=600)], "clipped 1,500 times in Kick."),
        ([told("dead-channel", channel=2, channels=2)] * 2, "the right channel of Kick is dead."),
        ([told("dead-channel", channel=5, channels=8)], "channel 5 of Kick is dead."),
        (
            [told(track=name) for name in "ABCDE"],
            "clipped 3 times in A; clipped 3 times in B; clipped 3 times in C; "
            "there is more of it in 2 other places.",
        ),
    ],
)
def test_the_sentence(found, said):
    assert channel_faults_sentence(found).removeprefix("Channels to look at: ") == said


def test_a_document_of_before_and_a_track_that_is_gone_tell_nothing(document):
    state = document.state
    assert channel_faults(None, state) == channel_faults(Listening(), state) == ()
    assert channel_faults(document.analysis("listening"), replace(state, tracks=())) == ()
