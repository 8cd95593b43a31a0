"""Training and test material: never the same recording, except for one labelled extra."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.features.taste.anomaly.planting import MAKERS, Fault, Maker, Samples, plant
from engine.lab.simulated.recordings import HEARD_RATE_HZ, Excerpt, converted

FAULT_SHARE = 0.4
PAUSE = "pause"
"""The kind of fault that is a pause between two sentences."""


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """A recording that was not learned from, with faults, and where they are, at the rate of the evaluation.

    Attributes
    ----------
    audio : mono, shape (n,)
    faults : in order and apart
    """

    name: str
    audio: Samples
    faults: tuple[Fault, ...]

    def without_faults(self) -> HeldOut:
        """Return the recording as it was before faults were planted in it."""
        keep = np.ones(len(self.audio), bool)
        for fault in self.faults:
            keep[fault.start_samples : fault.stop_samples] = False
        return HeldOut(f"{self.name}, without its faults", self.audio[keep], ())

    def kinds_at(self, times_s: NDArray[np.float64]) -> NDArray[np.str_]:
        """Return the kind of fault at each time, shape (n,); "" where the recording is as it was."""
        times_samples = times_s * HEARD_RATE_HZ
        kinds = np.full(len(times_s), "", dtype="U24")
        for fault in self.faults:
            kinds[(times_samples >= fault.start_samples) & (times_samples < fault.stop_samples)] = fault.kind
        return kinds


@dataclass(frozen=True, slots=True, eq=False)
class WholeFile:
    """A file that is normal or anomalous as a whole, mono at the rate of the evaluation.

    Attributes
    ----------
    is_odd : whether its style differs from the training data
    is_altered : whether it is of that style, with faults in it
    """

    name: str
    audio: Samples
    is_odd: bool
    is_altered: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """Training data of one taste, and its test material.

    Attributes
    ----------
    group : whose recordings these are
    kept : training data
    tested : other recordings of the same kind, with faults
    files : whole files to classify, if the material has any
    raw_of : simulates the raw recording of an edited one
    """

    group: str
    kept: tuple[Excerpt, ...]
    tested: tuple[HeldOut, ...]
    raw_of: Callable[[Excerpt], Samples]
    files: tuple[WholeFile, ...] = ()


@dataclass(frozen=True, slots=True)
class MaterialKind:
    """A kind of material.

    Attributes
    ----------
    folders : of the data, from which it is made
    make : (folder of the data, seed) to a case; each seed draws other recordings and faults
    is_extra : not counted in a mean over materials
    is_asked_for : run only where it is named
    """

    name: str
    about: str
    folders: tuple[str, ...]
    make: Callable[[Path, int], Case]
    is_extra: bool = False
    is_asked_for: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Faults:
    """Injected faults: kinds and makers, lengths, and clips at the recordings' rate."""

    clips: Mapping[str, Sequence[Samples]]
    length_s: tuple[float, float] = (4.0, 12.0)
    makers: Mapping[str, Maker] = field(default_factory=lambda: MAKERS)
    share: float = FAULT_SHARE

    def planted(self, clean: Excerpt, rng: np.random.Generator) -> HeldOut:
        """Plant faults in a recording."""
        result = plant(
            clean.audio[:, None],
            clean.rate_hz,
            tuple(self.makers),
            self.share,
            rng,
            self.clips,
            self.length_s,
            self.makers,
        )
        heard = converted(result.audio[:, 0], clean.rate_hz, HEARD_RATE_HZ)
        ratio = HEARD_RATE_HZ / clean.rate_hz
        faults = (
            Fault(one.kind, round(one.start_samples * ratio), round(one.stop_samples * ratio))
            for one in result.faults
        )
        return HeldOut(clean.name, heard, tuple(faults))
