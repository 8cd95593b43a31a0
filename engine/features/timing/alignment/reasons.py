"""Why a hit is moved, in one sentence that a musician understands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import MappingProxyType

from engine.core.wording import begun, listed

_SAID = MappingProxyType({"overhead": "cymbal", "room": "drum", "other": "drum"})
"""Sound names for voices of such microphones alone."""


def drums(voices: Iterable[str]) -> list[str]:
    """Name the voices, each drum once."""
    return list(dict.fromkeys(_SAID.get(voice, voice) for voice in voices))


def milliseconds(shift_samples: float, rate_hz: int) -> str:
    """Return how long a shift is, with a decimal where it is short: "14 ms", "1.4 ms"."""
    length_ms = abs(shift_samples) / rate_hz * 1000
    return f"{length_ms:.1f} ms" if length_ms < 9.95 else f"{length_ms:.0f} ms"


def hit_reason(
    voices: Sequence[str],
    shift_samples: float,
    rate_hz: int,
    where: str,
    *,
    by_feel: bool = False,
) -> str:
    """Describe a move, such as "The kick and hat are 14 ms late for beat 3 of bar 12."

    Parameters
    ----------
    shift_samples : how much later it is to sound
    where : its line in words; empty where it has none and goes along with its neighbours
    by_feel : whether it is held against the drummer's own push and pull
    """
    names = drums(voices)
    what = begun(f"the {listed(names)}")
    verb = "is" if len(names) == 1 else "are"
    far = milliseconds(shift_samples, rate_hz)
    if not where:
        way = "later" if shift_samples > 0 else "earlier"
        stands, goes = ("lies", "goes") if len(names) == 1 else ("lie", "go")
        return f"{what} {stands} between the lines and {goes} with the hits around, {far} {way}."
    side = "early" if shift_samples > 0 else "late"
    against = ", by the drummer's own feel" if by_feel else ""
    return f"{what} {verb} {far} {side} for {where}{against}."


def flam_reason(voice: str, others: Sequence[str], late_samples: float, rate_hz: int, where: str) -> str:
    """Describe a flam, such as "The snare comes 18 ms after the kick on beat 2 of bar 3."."""
    side = "after" if late_samples > 0 else "before"
    name = drums([voice])[0]
    beside = listed([one for one in drums(others) if one != name]) or "stroke"
    on = f" on {where}" if where else ""
    return f"The {name} comes {milliseconds(late_samples, rate_hz)} {side} the {beside}{on}."
