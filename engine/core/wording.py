"""Composition of the sentences that Offcut shows."""

from __future__ import annotations

import re
from collections.abc import Sequence

_ADDED_TO_NOUN = re.compile(r" (?:without|with|of|at|on|in|from|that|played|under) ")
_BEFORE_UNIT = re.compile(r"(?<=\d) (?=(?:%|(?:ms|s|dBFS|dBTP|dB|LUFS|kHz|Hz|BPM|ppm|samples?)\b))")
_BREAKS = re.compile("[\x00-\x20\x7f-\x9f\u2028\u2029]+")


def counted(number: int, noun: str) -> str:
    """Return "1 cut", "2 cuts", "10,000 clips without a file"."""
    if number == 1:
        return f"{number} {noun}"
    added = _ADDED_TO_NOUN.search(noun)
    end = len(noun) if added is None else added.start()
    return f"{number:,} {noun[:end]}s{noun[end:]}"


def one_line(text: str) -> str:
    """Return a name for a list, with line breaks replaced by spaces."""
    return _BREAKS.sub(" ", text).strip()


def begun(sentence: str) -> str:
    """Return a sentence with a capital at its start, and the rest as it is."""
    return sentence[:1].upper() + sentence[1:]


def listed(names: Sequence[str], last: str = "and") -> str:
    """Return "a", "a and b", "a, b and c"."""
    return f" {last} ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def quoted(value: object, most_characters: int = 60) -> str:
    """Return a value as a sentence can quote it, on one line and not at any length."""
    text = repr(value)
    return text if len(text) <= most_characters else f"{text[:most_characters]}…"


def reason_of(error: OSError) -> str:
    """Return why the system refused something: "permission denied"."""
    return (error.strerror or str(error)).lower()


def percent(share: float, decimals: int = 0) -> str:
    """Return a share, 0 to 1, as "61 %"."""
    return f"{100.0 * share:.{decimals}f} %"


def unbroken(text: str) -> str:
    """Return a text whose values stay with their units where its line wraps."""
    return _BEFORE_UNIT.sub("\N{NO-BREAK SPACE}", text)


def gain_text(gain_db: float) -> str:
    """Format a gain with one decimal and sign, with a typographic minus; no sign for 0.0 dB."""
    text = f"{gain_db:+.1f} dB"
    return text.replace("-", "−") if float(text[:-3]) else "0.0 dB"


def level_text(level: float, unit: str = "dB", decimals: int = 0) -> str:
    """Format a level as "−58 dBFS", with a typographic minus and without a plus sign."""
    text = f"{level:.{decimals}f}"
    return f"{text if float(text) else text.lstrip('-')} {unit}".replace("-", "−")


def pan_text(pan: float) -> str:
    """Return a pan, -1 to 1, in words: "middle", "30 % left", "100 % right"."""
    share = round(100 * abs(pan))
    return f"{share} % {'left' if pan < 0 else 'right'}" if share else "middle"
