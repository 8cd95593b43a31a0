"""How far a job is, in what words, and how often it can be stopped: as before, and never more than all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.core.progress import Progress
from engine.exchange.export import FORMATS, ExportOptions, ExportRequest, export
from engine.exchange.export.levels import find_clipping
from engine.exchange.export.plan import export_all
from tests.as_before import require_as_before
from tests.engine.exchange.export.interchange.test_formats_as_before import session  # noqa: F401
from tests.engine.sound.edl.recordings import Recording, recording


class Listener(Progress):
    """Keeps what a job says of all its shares, and how often it asks whether to go on."""

    def __init__(
        self, told: list[tuple[float, str]], looks: list[int], start: float = 0.0, stop: float = 1.0
    ) -> None:
        self.told, self.looks, self._start, self._stop = told, looks, start, stop

    def report(self, fraction: float, text: str, **_figures: float) -> None:
        assert 0.0 <= fraction <= 1.0, f"{text} is done by {fraction}"
        self.told.append((round(self._start + fraction * (self._stop - self._start), 6), text))

    def check_cancelled(self) -> None:
        self.looks[0] += 1

    def part(self, start: float, stop: float) -> Listener:
        assert 0.0 <= start <= stop <= 1.0
        length = self._stop - self._start
        return Listener(self.told, self.looks, self._start + start * length, self._start + stop * length)

    def step(self, number: int, count: int) -> Listener:
        return self.part(number / count, (number + 1) / count)


def _listened(job: Callable[[Progress], object]) -> dict[str, object]:
    listener = Listener([], [0])
    job(listener)
    fractions = [fraction for fraction, _ in listener.told]
    assert fractions == sorted(fractions), "a job never goes back"
    return {"told": listener.told, "looks": listener.looks[0]}


OPTIONS = {
    "as it is": ExportOptions(),
    "stems": ExportOptions(stems=True),
    "regions": ExportOptions(regions=True),
    "normalised": ExportOptions(loudness_lufs=-20.0),
    "removed": ExportOptions(removed=True),
}


@pytest.mark.parametrize(
    ("name", "suffix"),
    [("as it is", suffix) for suffix in FORMATS] + [(name, ".wav") for name in OPTIONS if name != "as it is"],
)
def test_an_export_tells_how_far_it_is_as_before(
    name: str,
    suffix: str,
    session: Recording,  # noqa: F811
    tmp_path: Path,
) -> None:
    request = ExportRequest(
        session.state, session.media, tmp_path / f"jam{suffix}", True, "Jam", OPTIONS[name]
    )
    require_as_before("told", f"{name}{suffix}", _listened(lambda progress: export(request, progress)))


def test_a_long_export_tells_of_every_part_of_it(tmp_path: Path) -> None:
    made = recording(tmp_path, [np.zeros((700_000, 1)), np.zeros((400_000, 2))], subtype="PCM_16")
    wav, flac = (
        ExportRequest(
            made.state, made.media, tmp_path / f"out{suffix}", options=ExportOptions(loudness_lufs=loudness)
        )
        for suffix, loudness in ((".wav", -20.0), (".flac", None))
    )
    loud = ExportRequest(made.state, made.media, tmp_path / "loud.wav", options=ExportOptions(gain_db=9.0))
    for name, job in (
        ("long", lambda progress: export(flac, progress)),
        ("clipping", lambda progress: find_clipping([loud, flac, wav], progress)),
        ("all", lambda progress: export_all([loud, flac], progress)),
    ):
        if name == "all":
            (tmp_path / "out.flac").unlink()
        require_as_before("told", name, _listened(job))
