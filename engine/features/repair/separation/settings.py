"""Names of separators, and level changes in decibels and in words.

The window imports this module, without torch.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine.core.build import is_bundle
from engine.core.extensions.names import all_named
from engine.core.wording import begun, counted, level_text, percent

LEAST_PROBABILITY, SURE_PROBABILITY = 0.2, 0.75
"""A sound less likely in a window than the first is refused; below the second, sentences mention it."""
NOTICED_DB = 1.0
"""A change below this counts as none."""
MASKED_DB = 15.0
"""A sound this far below everything else in the window counts as inaudible."""
MUTE_VERB = "'offcut edit PROJECT mute'"
_SILENT_DB = -75.0
_TINY = 1e-20


@dataclass(frozen=True, slots=True)
class Energy:
    """Energy before and after: sums of squared samples, full scale at 1."""

    before: float
    after: float

    @property
    def lowered_db(self) -> float:
        """By how much it was lowered; below 0 where it was raised."""
        return 10.0 * math.log10((self.before + _TINY) / (self.after + _TINY))


@dataclass(frozen=True, slots=True)
class LevelChange:
    """Levels inside a window before and after a separation, measured on its result.

    Attributes
    ----------
    named : the sounds asked for, as a sentence lists them
    keeps : whether they stay and everything else goes
    target : estimated energy of the sound to be lowered
    window : energy of everything in the window
    peak : largest absolute sample before and after, full scale at 1
    samples : count of samples that the energies are sums of
    only_room_tone : whether the surroundings of the window hold room tone alone
    probability : of the sound being present, 0 to 1; None if not checked
    """

    named: str
    keeps: bool
    target: Energy
    window: Energy
    peak: tuple[float, float]
    samples: int
    only_room_tone: bool = False
    probability: float | None = None

    @property
    def is_sure(self) -> bool:
        """Whether the sound is so likely in the window that sentences need not mention its probability."""
        return self.probability is None or self.probability >= SURE_PROBABILITY

    @property
    def lowered_db(self) -> float:
        """Reduction of the target in dB; 0 or more."""
        return max(0.0, self.target.lowered_db)

    @property
    def is_noticed(self) -> bool:
        """Whether the result differs audibly: the target is lowered, or everything but the target is."""
        return self.lowered_db >= NOTICED_DB

    @property
    def is_audible(self) -> bool:
        """Whether the target is still audible next to the rest of the result."""
        left = min(self.target.after, self.window.after)
        rest = self.window.after - left
        is_masked = left <= rest * 10.0 ** (-MASKED_DB / 10.0)
        return not is_masked and _db(left, self.samples) > _SILENT_DB

    @property
    def words(self) -> str:
        """The change as a sentence without a full stop: "Coughing lowered by 9 dB; still audible"."""
        what = f"{self.named} isolated; everything else" if self.keeps else self.named
        if not self.is_noticed:
            return begun(f"{what} not lowered{self._doubt}")
        left = "; still audible" if self.is_audible else ""
        return begun(f"{what} lowered by {self.lowered_db:.0f} dB{left}{self._doubt}")

    @property
    def _doubt(self) -> str:
        if self.is_sure or self.probability is None:
            return ""
        return f"; only {percent(self.probability)} likely to be this sound"

    @property
    def levels_words(self) -> str:
        """Peak and RMS level of the window before and after."""
        (peak, peak_after), (rms, rms_after) = self.peak_dbfs, self.rms_dbfs
        return (
            f"Peak {level_text(peak, '', 1).strip()} → {level_text(peak_after, 'dBFS', 1)}, "
            f"RMS {level_text(rms, '', 1).strip()} → {level_text(rms_after, 'dBFS', 1)}"
        )

    @property
    def peak_dbfs(self) -> tuple[float, float]:
        """Peak level before and after."""
        before, after = (10.0 * math.log10(each * each + _TINY) for each in self.peak)
        return before, after

    @property
    def rms_dbfs(self) -> tuple[float, float]:
        """RMS level before and after."""
        return _db(self.window.before, self.samples), _db(self.window.after, self.samples)

    def fields(self) -> dict[str, object]:
        """Return the figures as programs read them."""
        return {
            "summary": self.words,
            "lowered_db": self.lowered_db,
            "still_audible": self.is_audible,
            "peak_before_dbfs": self.peak_dbfs[0],
            "peak_after_dbfs": self.peak_dbfs[1],
            "rms_before_dbfs": self.rms_dbfs[0],
            "rms_after_dbfs": self.rms_dbfs[1],
            "only_room_tone_around": self.only_room_tone,
            "probability": self.probability,
            "is_sure": self.is_sure,
        }


def mute_offer(change: LevelChange, how: str = MUTE_VERB) -> str:
    """Return a sentence, after a space, that offers to mute the window instead; empty if it has other sounds.

    Parameters
    ----------
    how : the means to mute it, such as a verb or a key
    """
    if not change.only_room_tone or change.keeps:
        return ""
    return f" Nothing else sounds in the window: {how} fills it with room tone instead."


def refused_words(places: int) -> str:
    """Return, after a semicolon, how many places stay since the result would be worse; or nothing."""
    return f"; {counted(places, 'place')} unchanged, where the result would be worse" if places else ""


def combined(changes: Iterable[LevelChange]) -> LevelChange:
    """Return the change of several windows and tracks as one; there must be one at least."""
    found = tuple(changes)
    return LevelChange(
        found[0].named,
        found[0].keeps,
        Energy(sum(each.target.before for each in found), sum(each.target.after for each in found)),
        Energy(sum(each.window.before for each in found), sum(each.window.after for each in found)),
        (max(each.peak[0] for each in found), max(each.peak[1] for each in found)),
        sum(each.samples for each in found),
        all(each.only_room_tone for each in found),
        found[0].probability,
    )


def _db(energy: float, samples: int) -> float:
    return 10.0 * math.log10(energy / max(samples, 1) + _TINY)


DEFAULT = "blend"
FILM = "film-unet"
"""A separator of the laboratory; a bundle comes without it."""
ABOUT: Mapping[str, str] = MappingProxyType(
    {
        DEFAULT: "network, NMF and subtraction together, as far as they agree",
        "network": "the network that comes with Offcut, alone",
        "subtraction": "sound louder than the surroundings; ignores words",
        "nmf": "sound that differs from the surroundings; ignores words",
        **({} if is_bundle() else {FILM: "the published recipe, with weights that you trained"}),
    }
)
"""Offcut's own separators, and their descriptions in lists."""


def known_separators() -> Mapping[str, str]:
    """Return the description of each separator by name, including those of packages; nothing is imported."""
    added = [each for each in all_named() if each.group == "offcut.separators" and each.name not in ABOUT]
    return {**ABOUT, **{each.name: each.package_words for each in added}}
