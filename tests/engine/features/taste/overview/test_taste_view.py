"""What the page asks for: facts, scores, the map and moments, against the plain ways to the same."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import numpy as np
import pytest
import soundfile
import torch

from engine.analysis.signal.stft import log_mel_blocks
from engine.analysis.signal.streams import mono_blocks
from engine.core.errors import Cancelled, SourceError
from engine.core.progress import SILENT, ReportingProgress
from engine.document.document import Document
from engine.features.taste.anomaly.score import score_file
from engine.features.taste.anomaly.taste import Taste
from engine.features.taste.overview.jobs import (
    MOMENT_S,
    compare_tastes,
    look_at,
    look_at_moment,
    score_sound,
    survey,
)
from engine.features.taste.overview.requests import DocumentSound, FileSound, SurveyRecording, SurveyRequest
from engine.features.taste.overview.results import Origin
from engine.lab.recipes.slicer.model import SlicerModel
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from tests.engine.conftest import RATE_HZ, music


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve seconds of music with a noise in its middle."""
    path = tmp_path_factory.mktemp("other") / "take 2.wav"
    samples = music(12.0, seed=2)
    samples[5 * RATE_HZ : 9 * RATE_HZ] = 0.3 * np.random.default_rng(1).standard_normal(4 * RATE_HZ)
    soundfile.write(path, samples, RATE_HZ, "FLOAT")
    return path


def test_facts_are_those_of_the_taste(taste: Taste, taste_path: Path, edited: Path) -> None:
    facts = look_at(taste_path, SILENT)

    assert (facts.name, facts.maker, facts.recipe) == ("tiny", taste.maker, "slicer-ae")
    assert facts.training == tuple(epoch.loss for epoch in taste.history)
    assert [(one.path, round(one.duration_s)) for one in facts.recordings] == [(edited, 20)]
    assert ("latent dim", "8") in facts.settings
    assert ("seed", "3") in facts.settings
    assert facts.rebuilds


def test_scores_are_those_of_the_command_line(taste: Taste, taste_path: Path, other: Path) -> None:
    plain = score_file(taste, other, SILENT)

    scored = score_sound(taste_path, FileSound(other), Origin.FILE, SILENT)

    np.testing.assert_array_equal(scored.times_s, plain.times_s)
    np.testing.assert_allclose(scored.scores, plain.scores, atol=1e-6)
    assert scored.mean == pytest.approx(float(plain.scores.mean()), abs=1e-6)
    assert scored.duration_s == 12.0


def test_a_document_is_scored_as_its_only_file(taste_path: Path, other: Path, tmp_path: Path) -> None:
    imported = import_audio(ImportRequest((other,)), SILENT)
    with Document.create(tmp_path / "a.offcut") as document:
        document.apply(import_edit(document.state, imported))
        sound = DocumentSound(document.state, imported.media.paths)
        mix = score_sound(taste_path, sound, Origin.DOCUMENT, SILENT)

    alone = score_sound(taste_path, FileSound(other), Origin.FILE, SILENT)

    np.testing.assert_allclose(mix.scores, alone.scores, atol=1e-5)
    assert mix.key == ""


def test_the_map_places_what_was_kept_and_the_rest(taste: Taste, taste_path: Path, other: Path) -> None:
    facts = look_at(taste_path, SILENT)
    asked = SurveyRecording(FileSound(other), Origin.FILE)

    found = survey(SurveyRequest(taste_path, facts.recordings, (), None, (asked,)), SILENT)

    shown = found.shown
    assert taste.kept is not None
    assert np.sum(shown.recording == 0) == len(taste.kept.frame)
    assert shown.recordings == ((str(facts.recordings[0].path), Origin.KEPT), (str(other), Origin.FILE))
    here = shown.recording == 1
    noisy = here & (shown.starts_s >= 5.0) & (shown.starts_s + shown.length_s <= 9.0)
    clean = here & (shown.starts_s + shown.length_s <= 5.0)
    kept = shown.points[shown.recording == 0].mean(axis=0)
    far, near = (np.hypot(*(shown.points[one].mean(axis=0) - kept)) for one in (noisy, clean))
    assert far > 2 * near, "noise lies away from the music"
    assert shown.scores[noisy].mean() > shown.scores[clean].mean()
    middle = float(shown.starts_s[here][0]) + shown.length_s / 2
    assert shown.scores[here][0] == pytest.approx(found.others[0].score_at(middle))


def test_what_is_known_is_not_scored_again_and_what_is_gone_is_told(
    taste_path: Path, other: Path, tmp_path: Path
) -> None:
    facts = look_at(taste_path, SILENT)
    gone = SurveyRecording(FileSound(tmp_path / "gone.wav"), Origin.FILE)
    first = survey(
        SurveyRequest(
            taste_path, facts.recordings, (), None, (gone, SurveyRecording(FileSound(other), Origin.FILE))
        ),
        SILENT,
    )
    known = SurveyRecording(FileSound(other), Origin.FILE, first.others[0])

    again = survey(SurveyRequest(taste_path, facts.recordings, (), first.references, (known,)), SILENT)

    assert len(first.warnings) == 1
    assert "gone.wav" in first.warnings[0]
    assert again.references is first.references
    assert again.others[0].scores is first.others[0].scores
    np.testing.assert_array_equal(again.shown.points, first.shown.points)


def test_a_kept_recording_that_is_gone_is_told_and_the_map_is_made(taste_path: Path, tmp_path: Path) -> None:
    facts = look_at(taste_path, SILENT)
    moved = tuple(
        type(one)(one.name, tmp_path / "moved.wav", one.content_hash, one.duration_s)
        for one in facts.recordings
    )

    found = survey(SurveyRequest(taste_path, moved, ()), SILENT)

    assert len(found.references.missing) == 1
    assert len(found.shown.points)


def test_a_moment_is_what_the_taste_hears_and_rebuilds(taste: Taste, taste_path: Path, other: Path) -> None:
    scored = score_sound(taste_path, FileSound(other), Origin.FILE, SILENT)

    moment = look_at_moment(taste_path, FileSound(other), scored, 6.0, SILENT)

    mel = taste.config.mel
    whole = np.concatenate(list(log_mel_blocks(mono_blocks(other, mel.rate_hz), mel))) - scored.level_db
    assert (moment.start_s, moment.stop_s) == (3.0, 3.0 + MOMENT_S)
    frames_per_s = mel.rate_hz / mel.hop_samples
    first = round(moment.start_s * frames_per_s)
    # Frames of the piece lie up to half a hop beside those of the whole.
    piece = moment.input_db[4:-4]
    gap_db = np.abs(piece - whole[first + 4 : first + 4 + len(piece)])
    assert np.median(gap_db) < 1.5
    assert moment.rebuilt_db is not None
    assert moment.rebuilt_db.shape == moment.input_db.shape
    assert moment.score == pytest.approx(scored.score_at(6.0))
    np.testing.assert_array_equal(moment.scores, scored.scores[np.isin(scored.times_s, moment.times_s)])
    assert moment.times_s[0] >= moment.start_s
    assert moment.times_s[-1] <= moment.stop_s


def test_what_was_kept_is_nearest_to_itself(taste_path: Path, edited: Path) -> None:
    scored = score_sound(taste_path, FileSound(edited), Origin.FILE, SILENT)

    assert scored.nearest is not None
    # The chords come round every 8 s, so the place is the same to within whole rounds.
    for at_s in (3.0, 7.0, 12.0):
        path, start_s = scored.nearest.at(at_s) or ("", 0.0)
        assert path == str(edited)
        off_s = (start_s + scored.nearest.length_s / 2 - at_s + 4.0) % 8.0 - 4.0
        assert abs(off_s) < 0.6


def test_rebuilding_is_the_network_segment_by_segment(taste: Taste) -> None:
    model = taste.model
    assert isinstance(model, SlicerModel)
    length = model.config.segment_frames
    frames_db = np.random.default_rng(3).normal(-30.0, 8.0, (2 * length + 5, 32)).astype(np.float32)

    rebuilt = model.rebuild(frames_db)

    scaling = model.standardisation
    for start in (0, length):
        segment = torch.tensor(scaling.apply(frames_db[start : start + length])).T[None, None]
        with torch.no_grad():
            slow = model.network(segment)[0, 0].T.numpy() * scaling.std_db + scaling.mean_db
        np.testing.assert_allclose(rebuilt[start : start + length], slow, atol=1e-3)
    assert rebuilt.shape == frames_db.shape


def test_a_taste_agrees_with_itself_on_a_file(taste_path: Path, other: Path) -> None:
    scored = score_sound(taste_path, FileSound(other), Origin.FILE, SILENT)

    both = compare_tastes(taste_path, scored, taste_path, FileSound(other), 0.6, SILENT)

    assert both.agreement == 1.0
    assert both.differences == ()


def test_a_short_recording_and_one_that_is_none(taste_path: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.wav"
    soundfile.write(short, music(0.3), RATE_HZ)
    scored = score_sound(taste_path, FileSound(short), Origin.FILE, SILENT)
    moment = look_at_moment(taste_path, FileSound(short), scored, 0.1, SILENT)

    assert moment.stop_s == pytest.approx(0.3, abs=1e-4)
    assert len(scored.scores)
    with pytest.raises(SourceError, match=r"gone\.wav"):
        score_sound(taste_path, FileSound(tmp_path / "gone.wav"), Origin.FILE, SILENT)


def test_cancelling_is_heard(taste_path: Path, other: Path) -> None:
    stop = Event()
    stop.set()
    request = SurveyRequest(taste_path, (), (), None, (SurveyRecording(FileSound(other), Origin.FILE),))
    with pytest.raises(Cancelled):
        survey(request, ReportingProgress(None, stop))


def test_an_empty_survey_has_the_kept_stretches_only(taste_path: Path) -> None:
    found = survey(SurveyRequest(taste_path, (), ()), SILENT)

    assert {origin for _key, origin in found.shown.recordings} == {Origin.KEPT}
    assert found.shown.points.shape == (len(found.shown.scores), 2)
