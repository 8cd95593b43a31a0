"""Pauses that are longer than somebody wants them: cuts that leave so much of each."""

from __future__ import annotations

from dataclasses import dataclass

from engine.document.analysis import Listening
from engine.document.change import Edit
from engine.document.edits import replace_proposals
from engine.document.kinds.cut import CUT
from engine.document.kinds.payload import CROSSFADE_MS
from engine.document.proposals import BY_SHORTENING, Proposal, proposal_id
from engine.document.recorded import require_listening, require_recording
from engine.document.state import DocumentState
from engine.errors import UsageError
from engine.features.pauses import pauses
from engine.settings import cut_settings
from engine.spans import Samples
from engine.timebase import format_time, s_to_samples, samples_to_s
from engine.wording import counted

LONGEST_S, LEFT_S = 0.8, 0.4
"""What is asked for unless told: of a pause longer than the first, so much is left."""
SHORTEST_S, MOST_S = 0.1, 600.0
"""Within these a pause may be asked for; what is shorter than the first lies within words."""
_LEAST_CUT_S = 0.05
_SCORES = (0.5, 0.95)
"""How high a pause stands in the queue: one hardly longer than asked for, and an endless one."""


@dataclass(frozen=True, slots=True)
class ShortenedPauses:
    """Cuts that leave shorter pauses.

    Attributes
    ----------
    cut_samples : how much shorter the result is once all are accepted
    """

    proposals: tuple[Proposal, ...]
    cut_samples: int
    rate_hz: int

    @property
    def sentence(self) -> str:
        """Say how many there are and what they come to."""
        if not self.proposals:
            return "No pause is that long."
        shorter = format_time(samples_to_s(self.cut_samples, self.rate_hz), 1)
        return f"{counted(len(self.proposals), 'pause')} to shorten; the result is {shorter} shorter."

    def put_into(self, state: DocumentState) -> Edit:
        """Return the edit that puts them into a document in the place of those proposed before."""
        label = f"Proposed to shorten {counted(len(self.proposals), 'pause')}"
        kinds, makers = (CUT.name,), (BY_SHORTENING,)
        return replace_proposals(state, self.proposals, {}, label, kinds=kinds, makers=makers)


def shorten_pauses(
    state: DocumentState, listening: Listening | None, longest_s: float = LONGEST_S, left_s: float = LEFT_S
) -> ShortenedPauses:
    """Propose to leave so much of each pause that is longer than asked for, half of it at either side.

    At the start and at the end of the recording half of it is left.

    Parameters
    ----------
    longest_s : pauses up to this stay as they are
    left_s : how much is left of those that are longer

    Raises
    ------
    UsageError : there is no recording, it was not listened to yet, or the lengths are outside their limits
    """
    require_recording(state, "listen to")
    heard = require_listening(listening)
    if not SHORTEST_S <= longest_s <= MOST_S:
        raise UsageError(
            f"Pauses longer than {longest_s:g} s cannot be looked for: give {SHORTEST_S:g} to {MOST_S:g} s."
        )
    if not 0.0 <= left_s <= longest_s:
        raise UsageError(
            f"{left_s:g} s cannot be left of pauses longer than {longest_s:g} s: give 0 to {longest_s:g} s."
        )
    hop = heard.hop_samples
    found = pauses(heard.loudness_db, hop / state.rate_hz, longest_s) * hop
    found[:, 1] = found[:, 1].clip(max=state.length_samples)
    cuts = _inner(found, s_to_samples(left_s, state.rate_hz), state.length_samples)
    long = cuts[:, 1] - cuts[:, 0] >= s_to_samples(_LEAST_CUT_S, state.rate_hz)
    made = tuple(
        _cut(state, cut, (stop - start) / state.rate_hz, longest_s)
        for cut, (start, stop) in zip(cuts[long].tolist(), found[long].tolist(), strict=True)
    )
    return ShortenedPauses(made, sum(one.stop_samples - one.start_samples for one in made), state.rate_hz)


def _inner(found: Samples, left: int, length: int) -> Samples:
    """Return pauses without what is left of them, shape (n, 2)."""
    cuts = found.copy()
    cuts[found[:, 0] > 0, 0] += left // 2
    cuts[found[:, 1] < length, 1] -= left - left // 2
    return cuts


def _cut(state: DocumentState, cut: tuple[int, int], pause_s: float, longest_s: float) -> Proposal:
    start, stop = cut
    left_s = pause_s - (stop - start) / state.rate_hz
    reason = f"A pause of {pause_s:.1f} s, of which {left_s:.1f} s is left."
    least, most = _SCORES
    score = most - (most - least) * min(1.0, longest_s / pause_s)
    payload: dict[str, object] = {CROSSFADE_MS: cut_settings(state.settings).crossfade_ms}
    key = proposal_id(CUT.name, start, stop, BY_SHORTENING)
    return Proposal(key, CUT.name, start, stop, score, reason, BY_SHORTENING, (), payload)
