"""Numbers on the command line."""

from __future__ import annotations

import argparse
import math
from typing import Protocol

from engine.document.proposals import Proposal
from engine.timebase import samples_to_s


class _Span(Protocol):
    @property
    def start_samples(self) -> int: ...

    @property
    def stop_samples(self) -> int: ...


def finite(text: str) -> float:
    """Read a finite number; Python also accepts "nan" and "inf".

    Raises
    ------
    argparse.ArgumentTypeError : it is none
    """
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return number


def span_s(one: _Span, rate_hz: int) -> dict[str, float]:
    """Return start and stop in seconds, as rows of verbs have them."""
    return {
        "start_s": samples_to_s(one.start_samples, rate_hz),
        "stop_s": samples_to_s(one.stop_samples, rate_hz),
    }


def proposal_row(one: Proposal, rate_hz: int, *names: str) -> dict[str, object]:
    """Return the id of a proposal, its span in seconds, and the attributes that are named."""
    return {"id": one.id, **span_s(one, rate_hz), **{name: getattr(one, name) for name in names}}
