"""A snare with a microphone below it is heard as well as without."""

from __future__ import annotations

import numpy as np
import pytest

from engine.document.analysis import Role
from engine.features.timing.hits.drums import drums_of
from engine.features.timing.hits.find import HeldMicrophones, hear
from engine.lab.simulated.performances.below import BELOW, with_snare_below
from engine.lab.simulated.performances.hydrogen import FOLDER, read_hydrogen
from engine.lab.simulated.performances.pieces import Piece

KIT = "ColomboAcousticDrumkit"


@pytest.mark.skipif(not (FOLDER / KIT).is_dir(), reason="the kits of Hydrogen are not installed")
def test_the_microphone_above_is_the_one_that_tells() -> None:
    kit = with_snare_below(read_hydrogen(KIT))
    sound = np.zeros((len(kit.roles), 6 * kit.rate_hz), np.float32)
    rng = np.random.default_rng(0)
    pieces = [Piece.SNARE, Piece.KICK, Piece.SNARE, Piece.HAT, Piece.SNARE, Piece.SNARE]
    for number in range(22):
        shot = kit.read(pieces[number % len(pieces)], 0)
        at = round((0.2 + 0.25 * number) * kit.rate_hz)
        heard = shot.sound[:, : sound.shape[1] - at]
        sound[:, at : at + heard.shape[1]] += heard * np.float32(rng.uniform(0.1, 1.0))
    sound += rng.normal(0.0, 1e-4, sound.shape).astype(np.float32)
    candidates = hear(HeldMicrophones(dict(zip(kit.roles, sound, strict=True)), kit.rate_hz))
    names, roles = list(kit.roles), tuple(kit.roles.values())
    snare = next(drum for drum in drums_of(roles, candidates, kit.rate_hz) if drum.role is Role.SNARE)
    assert [names[track] for track in snare.tracks] == ["Snare", BELOW]


def test_it_hears_the_snare_turned_and_later() -> None:
    if not (FOLDER / KIT).is_dir():
        pytest.skip("the kits of Hydrogen are not installed")
    plain = read_hydrogen(KIT)
    kit = with_snare_below(plain)
    above, below = (kit.read(Piece.SNARE, 0).sound[list(kit.roles).index(name)] for name in ("Snare", BELOW))
    assert np.array_equal(kit.read(Piece.SNARE, 0).sound[:-1], plain.read(Piece.SNARE, 0).sound)
    first = slice(0, round(0.02 * kit.rate_hz))
    lags = np.correlate(below[first], above[first], "full")
    assert int(np.argmin(lags)) - (first.stop - 1) == round(0.0006 * kit.rate_hz)
