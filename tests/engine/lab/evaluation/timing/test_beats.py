"""The evaluation says what it measures, and fails with a sentence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import soundfile

from engine.core.errors import SourceError
from engine.lab.evaluation.timing.baselines.trackers import as_played
from engine.lab.evaluation.timing.beat_figures import errors_ms, f_measure
from engine.lab.evaluation.timing.beats import evaluate
from engine.lab.evaluation.timing.recordings import click_recording
from engine.lab.simulated.clicks import click_track


@pytest.mark.filterwarnings("default")
def test_each_line_has_value_baseline_and_count(tmp_path):
    folder = tmp_path / "loops" / "CLICKS"
    folder.mkdir(parents=True)
    soundfile.write(folder / "120bpm_clicks.wav", click_track(120, 22_050, length_s=6.0).samples, 22_050)
    lines = {line["metric"]: line for line in evaluate(tmp_path, short=True)}
    assert all({"metric", "value", "n"} <= set(line) for line in lines.values())
    assert lines["clicks_beat_f_measure"]["as_played"] == 1.0
    tempo = lines["loops_tempo_accuracy"]
    assert set(tempo) == {"metric", "value", "baseline", "classic", "fixed_120_bpm", "n"}
    assert (tempo["value"], tempo["fixed_120_bpm"], tempo["n"]) == (1.0, 1.0, 1)
    assert lines["ten_minutes_s"]["value"] > 0.0
    assert abs(lines["clicks_beat_bias_ms"]["value"]) < 2.0
    assert lines["clicks_beat_error_max_ms"]["value"] < 10.0
    assert lines["clicks_beat_bias_ms"]["baseline"] > 5.0, "librosa is known to be late"
    assert lines["clicks_beat_f_measure"]["value"] > 0.8


def test_what_was_played_is_the_ceiling_where_it_is_known():
    clicks = click_recording(120.0, 22_050)
    late = replace(clicks, played_s=clicks.beats_s[1:] + 0.04, downbeats_s=clicks.beats_s[1::4])
    answer = as_played(late)
    np.testing.assert_allclose(answer.beats_s, [clicks.beats_s[0], *late.played_s])
    np.testing.assert_allclose(answer.downbeats_s, late.downbeats_s + 0.04)
    assert f_measure(late.beats_s, answer.beats_s, 0.025) < 0.2 < f_measure(late.beats_s, answer.beats_s)


def test_a_folder_without_recordings_is_named(tmp_path):
    with pytest.raises(SourceError, match="holds neither"):
        list(evaluate(tmp_path))


def test_a_song_without_tracks_is_named(tmp_path):
    song = tmp_path / "mdbdrums" / "Song"
    song.mkdir(parents=True)
    (song / "Song_MIX.beats").write_text("0.1\t1\n0.6\t2\n")
    with pytest.raises(SourceError, match="copy its audio"):
        list(evaluate(tmp_path, short=True))


def test_errors_are_signed_and_only_of_what_matches():
    late = errors_ms(np.array([1.0, 2.0, 3.0]), np.array([1.01, 1.98, 3.5]))
    np.testing.assert_allclose(late, [10.0, -20.0])
    assert len(errors_ms(np.array([1.0]), np.zeros(0))) == 0
    assert f_measure(np.array([1.0]), np.zeros(0)) == 0.0
