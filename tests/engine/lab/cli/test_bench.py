"""What `offcut bench` refuses, and that the quickest of its parts says what it measured."""

from __future__ import annotations

import json

import pytest

from engine.cli.main import main
from engine.lab.bench.separate import in_windows
from engine.lab.recipes.embedding_bank.settings import EmbeddingBankConfig


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["everything"], "There is no part 'everything' to measure"),
        (["playback", "--minutes", "0"], "Nothing can be measured for 0 minutes"),
        (["playback", "--minutes", "-2"], "Nothing can be measured for -2 minutes"),
    ],
)
def test_wrong_use_is_told_in_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert main(["bench", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"offcut bench: {sentence}")
    assert err.count("\n") == 1


def test_exports_are_measured_beside_a_plain_copy(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.lab.bench.render.LENGTH_S", 20)
    monkeypatch.setattr("engine.lab.bench.render.ROUNDS", 1)
    assert main(["bench", "render", "--json"]) == 0
    measured = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["metric"] for one in measured] == [
        "render_times_real_time",
        "export_wav_16_bit_times_real_time",
        "export_wav_24_bit_times_real_time",
        "export_wav_float_times_real_time",
        "export_flac_24_bit_times_real_time",
    ]
    assert all(one["value"] > 1 and one["baseline"] > 1 for one in measured)


def test_a_day_is_prepared_beside_reading_its_files(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.lab.bench.prepare.LEAST_MINUTES", 1.0)
    assert main(["bench", "prepare", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    measured = {one["metric"].removeprefix("prepare_"): one for one in rows}
    assert measured.keys() == {
        f"{case}_{figure}"
        for case in ("stereo", "eight_tracks")
        for figure in ("s", "over_reading", "processor_s", "peak_mb", "bytes_read_over_size")
    }
    assert measured["stereo_s"]["baseline"] == pytest.approx(45.0 / 60)
    assert measured["eight_tracks_s"]["baseline"] == pytest.approx(360.0 / 180)
    assert measured["eight_tracks_processor_s"]["value"] > measured["eight_tracks_processor_s"]["baseline"]
    assert measured["eight_tracks_bytes_read_over_size"]["value"] >= 1.0
    assert measured["stereo_peak_mb"]["value"] < 1_200


def test_loops_are_scored_by_several_and_an_hour_beside_a_minute(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.lab.bench.score.LOOPS", 3)
    monkeypatch.setattr("engine.lab.bench.score.LONG_MINUTES", 2)
    monkeypatch.setattr("engine.lab.bench.score.KEPT_S", 60)
    monkeypatch.setattr("engine.lab.bench.score.CONFIGS", (EmbeddingBankConfig(),))
    assert main(["bench", "score", "--json"]) == 0
    measured = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["metric"] for one in measured] == [
        "embedding-bank_3_loops_s",
        "embedding-bank_1_workers_speed_up",
        "embedding-bank_score_an_hour_times_real_time",
        "embedding-bank_score_an_hour_over_reading",
        "embedding-bank_score_an_hour_peak_mb",
    ]
    assert measured[0]["baseline"] == 60.0
    assert measured[2]["baseline"] == 500.0
    assert measured[2]["value"] > 0.0
    assert measured[3]["value"] > 1.0
    assert measured[4]["value"] < measured[4]["baseline"] + 100


def test_a_separator_is_measured_in_files_and_streams(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those without weights are left out; the longer file is compared with the shorter one."""
    monkeypatch.setattr("engine.lab.bench.separate.FILE_MINUTES", (0.05, 0.1))
    monkeypatch.setattr("engine.lab.bench.separate.separators_and_sounds", lambda: [("film-unet", "siren")])
    monkeypatch.setattr("engine.lab.bench.separate.STREAMED", ("siren",))
    assert main(["bench", "separate", "--json", "--minutes", "0.1"]) == 0
    measured = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    name = "separate_stream_blend_siren"
    assert [one["metric"] for one in measured] == [
        f"{name}_0.05_min_peak_mb",
        f"{name}_0.1_min_real_time_factor",
        f"{name}_0.1_min_peak_mb",
    ]
    shorter, factor, longer = measured
    assert (shorter["baseline"], factor["baseline"], longer["baseline"]) == (None, 1.0, shorter["value"])
    assert factor["value"] > 0.0
    assert longer["value"] < shorter["value"] + 100


def test_windows_are_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.lab.bench.separate.WINDOWS_S", (1, 2))
    monkeypatch.setattr("engine.lab.bench.separate.ROUNDS", 1)
    figures = list(in_windows("subtraction", "siren"))
    assert [one.metric for one in figures] == [
        "separate_subtraction_siren_1_s_real_time_factor",
        "separate_subtraction_siren_2_s_real_time_factor",
    ]
    assert all(one.value > 0.0 for one in figures)
