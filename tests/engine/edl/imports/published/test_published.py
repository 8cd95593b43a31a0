"""Files after the descriptions of their formats: the clips that they play, and mutations of them."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from engine.document.decisions import Verdict
from engine.document.file.storage import apply_rows
from engine.edl.export.placing.frame_rates import FrameRate
from engine.edl.imports import read_edits
from engine.edl.imports.proposals.edit import ImportRequest, imported_edit
from engine.errors import OffcutError
from tests.engine.edl.imports.published.expected import Clip, Expected, Part
from tests.engine.edl.imports.published.inputs_edl import EDL
from tests.engine.edl.imports.published.inputs_fcpxml import FCPXML
from tests.engine.edl.imports.published.inputs_otio import OTIO
from tests.engine.edl.imports.published.inputs_session import SESSION
from tests.engine.edl.imports.published.inputs_xmeml import XMEML
from tests.engine.edl.imports.test_hostile_edits import mutated
from tests.engine.edl.recordings import RATE_HZ, Recording, recording

READERS = {".edl": EDL, ".fcpxml": FCPXML, ".otio": OTIO, ".xml": XMEML, ".txt": SESSION}
ALL = [
    pytest.param(suffix, one, id=f"{suffix[1:]}, {name}")
    for suffix, own in READERS.items()
    for name, one in own.items()
]
_TO_COMPARE = 3


def seconds(*values: Fraction) -> tuple[float, ...]:
    return tuple(round(float(one), _TO_COMPARE) for one in values)


@pytest.mark.parametrize(("suffix", "expected"), ALL)
def test_the_clips_of_a_published_form_are_read_where_they_play(
    tmp_path: Path, suffix: str, expected: Expected
) -> None:
    path = tmp_path / f"list{suffix}"
    path.write_text(expected.text, encoding="utf-8")
    rate = None if "FCM: DROP" in expected.text else FrameRate.FPS_25
    found = read_edits(path, 48_000, frame_rate=rate if suffix == ".edl" else None)
    clips: list[Clip] = [
        (one.medium.name, *seconds(one.start_s, one.length_s, one.at_s))  # type: ignore[misc]
        for track in found.tracks
        for one in track.clips
        if one.is_heard
    ]
    parts: list[Part] = [
        (one.noun, *seconds(one.start_s, one.stop_s, one.medium_start_s, one.medium_stop_s))  # type: ignore[misc]
        for one in found.not_understood
    ]
    assert sorted(clips, key=lambda one: (one[3], one[0])) == [
        (name, *(round(one, _TO_COMPARE) for one in values)) for name, *values in expected.clips
    ]
    assert parts == list(expected.parts)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Two recordings of one minute, by the names that all files use."""
    silence = np.zeros(60 * RATE_HZ)
    return recording(tmp_path_factory.mktemp("pair"), [silence, silence], names=("a.wav", "b.wav"))


@pytest.mark.parametrize("suffix", READERS)
def test_a_mutated_published_form_is_refused_in_a_sentence_or_read_without_unknown_parts_accepted(
    pair: Recording, tmp_path: Path, suffix: str, pytestconfig: pytest.Config
) -> None:
    rng, texts = random.Random(57), [one.text.encode() for one in READERS[suffix].values()]
    path = tmp_path / f"list{suffix}"
    for _ in range(10_000 if pytestconfig.getoption("--long") else 60):
        path.write_bytes(mutated(rng.choice(texts).replace(b"b.mov", b"b.wav"), rng))
        sentence, accepted = outcome(pair, path)
        assert "\n" not in sentence
        assert len(sentence) < 1_000
        assert not accepted


def outcome(pair: Recording, path: Path) -> tuple[str, list[str]]:
    """Return why a file is refused, and what is accepted of one that was not understood as a whole."""
    try:
        made = imported_edit(ImportRequest(pair.state, pair.media, read_edits(path, RATE_HZ)))
    except OffcutError as error:
        return str(error), []
    after = apply_rows(pair.state, made.put_into(pair.state).changes)
    accepted = [key for key in after.proposals if after.verdict(key) is Verdict.ACCEPTED]
    return "", accepted if made.not_understood else []
