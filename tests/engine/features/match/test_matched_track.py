"""A file that plays one track of several is matched with that track alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from engine.cli.main import main
from engine.core.errors import UsageError
from engine.document.document import Document
from engine.features.match.finder.reference import WINDOWS
from engine.features.registry import FoundEdits
from tests.engine.features.match.test_matched_edit import edges, residual_db, taken
from tests.engine.features.takes.playing import RATE_HZ, passage

LENGTH_S = 30.0
CUTS_S = [(6.123, 8.5), (20.0, 22.0)]
NAMES = ("Desk mix", "Guitar", "Keys")
Wide = NDArray[np.float32]


@pytest.fixture(scope="module")
def tracks() -> dict[str, Wide]:
    """Three tracks that play at once; the last is much quieter than the others."""
    levels = (1.0, 0.8, 0.05)
    return {
        name: np.float32(level) * passage(seed, LENGTH_S)
        for seed, (name, level) in enumerate(zip(NAMES, levels, strict=True), start=11)
    }


@pytest.fixture(scope="module")
def recorded(tracks: dict[str, Wide], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the recordings of a document."""
    folder = tmp_path_factory.mktemp("recorded")
    for name, samples in tracks.items():
        soundfile.write(folder / f"{name}.wav", samples, RATE_HZ, "PCM_24")
    return folder


def cut(samples: Wide) -> Wide:
    """Return samples without the spans that are cut."""
    edges_s = [0.0, *(edge for span in CUTS_S for edge in span), LENGTH_S]
    bounds = [round(edge * RATE_HZ) for edge in edges_s]
    return np.concatenate([samples[a:b] for a, b in zip(bounds[::2], bounds[1::2], strict=True)])


def opened(recorded: Path, project: Path) -> Document:
    paths = [str(recorded / f"{name}.wav") for name in NAMES]
    assert main(["new", str(project), *paths]) == 0
    return Document.open(project)


def matched(recorded: Path, tmp_path: Path, edited: Wide, name: str = "bounce.wav") -> FoundEdits:
    soundfile.write(tmp_path / name, edited, RATE_HZ)
    with opened(recorded, tmp_path / "song.offcut") as document:
        assert [one.name for one in document.state.tracks] == list(NAMES)
        made = taken(document, tmp_path / name)
        cuts_s = [edge for span in CUTS_S for edge in span]
        assert edges(document.state, "cut") == pytest.approx(cuts_s, abs=0.002)
    return made


@pytest.mark.parametrize("name", ["bounce.wav", "bounce.mp3"])
@pytest.mark.parametrize("number", [0, 2])
def test_a_bounce_of_one_track_is_that_track_alone(
    number: int, name: str, recorded: Path, tracks: dict[str, Wide], tmp_path: Path
) -> None:
    made = matched(recorded, tmp_path, cut(0.7 * tracks[NAMES[number]]), name)
    assert made.found.figures["alone"] == NAMES[number]
    assert [one.kind for one in made.found.proposals] == ["cut", "cut"]
    assert not made.found.figures["notes"]
    assert residual_db(made) < (-30.0 if name.endswith("wav") else -10.0)
    compared = made.found.figures["windows_compared"]
    assert isinstance(compared, int)
    most_places = 2 if number == 0 else 2 * (1 + len(NAMES))  # the mix hides the quiet track
    assert 0 < compared <= WINDOWS * most_places * (1 + len(NAMES)), "a few windows tell it"


@pytest.mark.parametrize("gains", [(1.0, 1.0, 1.0), (1.0, 0.1, 1.0)])
def test_a_mix_in_any_balance_is_no_track(
    gains: tuple[float, ...], recorded: Path, tracks: dict[str, Wide], tmp_path: Path
) -> None:
    mix = sum(
        (np.float32(gain) * tracks[name] for gain, name in zip(gains, NAMES, strict=True)),
        start=np.float32(0.0),
    )
    made = matched(recorded, tmp_path, cut(np.asarray(0.5 * mix, np.float32)))
    assert made.found.figures["alone"] is None


def test_levels_of_one_track_are_of_that_track(
    recorded: Path, tracks: dict[str, Wide], tmp_path: Path
) -> None:
    bounce = 0.7 * tracks["Guitar"]
    bounce[10 * RATE_HZ : 13 * RATE_HZ] *= 0.5
    made = matched(recorded, tmp_path, cut(bounce))
    (gain,) = (one for one in made.found.proposals if one.kind == "gain")
    with Document.open(tmp_path / "song.offcut") as document:
        (guitar,) = (one for one in document.state.tracks if one.name == "Guitar")
    assert gain.tracks == (guitar.id,)
    assert {one.tracks for one in made.found.proposals if one.kind == "cut"} == {()}


def test_a_whole_track_has_no_edits(recorded: Path, tracks: dict[str, Wide], tmp_path: Path) -> None:
    soundfile.write(tmp_path / "bounce.wav", tracks["Guitar"], RATE_HZ)
    with opened(recorded, tmp_path / "song.offcut") as document:
        before = document.state
        with pytest.raises(UsageError, match=r"bounce\.wav is Guitar alone"):
            taken(document, tmp_path / "bounce.wav")
        assert document.state is before
