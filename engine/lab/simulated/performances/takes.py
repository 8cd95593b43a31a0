"""A take: the sounds of a kit with their times, and the intended ones."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.document.analysis import BeatGrid
from engine.lab.simulated.performances.displacement import Displaced
from engine.lab.simulated.performances.kits import Kit, Shot
from engine.lab.simulated.performances.performance import Performance, Truth
from engine.lab.simulated.performances.pieces import Piece
from engine.lab.simulated.performances.scores import Rows

_TAIL_S = 1.5
_LOUDEST = 0.95
_CHOKE_SAMPLES = 661
_HATS = (Piece.HAT, Piece.OPEN_HAT)


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """A performance before it is rendered, a row for each hit, in the order of time.

    Attributes
    ----------
    first_beat_s : where the score begins
    shots : the piece of the kit that sounds and its layer, length n
    gains : float32, shape (n,)
    seed : of the noise of the microphones
    noise_db : how loud that is, in dB full scale
    """

    name: str
    kit: Kit
    played: Displaced
    first_beat_s: float
    shots: tuple[tuple[Piece, int], ...]
    gains: NDArray[np.float32]
    seed: int
    noise_db: float = -78.0

    @property
    def onsets_samples(self) -> Rows:
        """Where hits rise at the microphone of their drum, shape (n,): whole samples."""
        at: Rows = np.rint((self.first_beat_s + self.played.times_s) * self.kit.rate_hz).astype(np.int64)
        return at

    @property
    def frames(self) -> int:
        """How long it is, with the last beat."""
        score = self.played.score
        bars = int(score.lines.max(initial=0)) // (score.divisions * score.beats_in_bar) + 1
        last_s = bars * score.beats_in_bar * score.beat_s
        return round((self.first_beat_s + last_s + _TAIL_S) * self.kit.rate_hz)

    def grid(self) -> BeatGrid:
        """Return the beats it was played to, of whole bars and the downbeat after them."""
        score = self.played.score
        beats = int((self.frames / self.kit.rate_hz - _TAIL_S - self.first_beat_s) / score.beat_s + 0.5) + 1
        at_s = self.first_beat_s + np.arange(beats) * score.beat_s
        return BeatGrid(
            beats_samples=np.rint(at_s * self.kit.rate_hz).astype(np.int64),
            bar_positions=np.arange(beats, dtype=np.int64) % score.beats_in_bar + 1,
            tempo_bpm=60.0 / score.beat_s,
            confidence=1.0,
            maker="truth",
        )

    def truth(self) -> Truth:
        """Return its ground truth."""
        played, rate_hz = self.played, self.kit.rate_hz
        targets_s = np.where(played.is_extra, np.nan, played.score.targets_s)
        own = np.arange(len(targets_s)) + int(played.score.lines.max(initial=0)) + 1
        strokes = np.where(played.is_extra, own, played.score.lines)
        _, first, numbers = np.unique(strokes, return_index=True, return_inverse=True)
        in_time = np.argsort(np.argsort(first))
        return Truth(
            onsets_samples=self.onsets_samples.astype(np.float64),
            targets_samples=(self.first_beat_s + targets_s) * rate_hz,
            microphones=np.array([self.kit.close[piece] for piece, _ in self.shots], np.int16),
            velocities=played.score.velocities,
            ornaments=played.ornaments,
            strokes=in_time[numbers].astype(np.int32),
            missing_samples=np.sort((self.first_beat_s + played.missing_s) * rate_hz),
        )

    def faultless(self) -> Take:
        """Return the same sounds where they were meant to be, without hits too many and none put back."""
        rows = np.flatnonzero(~self.played.is_extra)
        rows = rows[np.argsort(self.played.score.targets_s[rows], kind="stable")]
        score = self.played.score.taken(rows)
        order = rows[np.argsort(self.played.score.targets_s[rows], kind="stable")]
        played = Displaced(
            score,
            score.targets_s,
            np.zeros(len(order), bool),
            self.played.missing_s,
            score.ornaments,
        )
        return replace(
            self, played=played, shots=tuple(self.shots[row] for row in order), gains=self.gains[order]
        )

    def rendered(self) -> Performance:
        """Render the microphone signals."""
        out = _noise(len(self.kit.roles), self.frames, self.noise_db, self.seed)
        rows = zip(self.shots, self.onsets_samples.tolist(), self.gains.tolist(), _chokes(self), strict=True)
        for (piece, layer), onset, gain, choke in rows:
            _add(out, self.kit.read(piece, layer), onset, gain, choke)
        for channel in out:
            loudest = float(max(channel.max(), -channel.min()))
            if loudest > _LOUDEST:
                channel *= _LOUDEST / loudest
        return Performance(
            name=self.name,
            rate_hz=self.kit.rate_hz,
            microphones=dict(zip(self.kit.roles, out, strict=True)),
            roles=self.kit.roles,
            truth=self.truth(),
            grid=self.grid(),
            divisions=self.played.score.divisions,
        )


def take_of(kit: Kit, played: Displaced, first_beat_s: float, seed: int) -> Take:
    """Choose the sound of each hit: the layer by velocity, now and then its neighbour."""
    rng = np.random.default_rng(seed)
    pieces = [kit.standing_in(piece) for piece in played.score.pieces]
    layers = np.array([kit.layers[piece] for piece in pieces])
    velocities = played.score.velocities
    near = velocities * layers - 0.5 + rng.normal(0.0, 0.35, len(layers))
    chosen = np.clip(np.rint(near), 0, layers - 1).astype(int).tolist()
    gains = kit.gain * velocities**kit.velocity_power * 10 ** (rng.normal(0.0, 0.6, len(layers)) / 20)
    return Take(
        name=f"{played.score.name} on {kit.name}",
        kit=kit,
        played=played,
        first_beat_s=first_beat_s,
        shots=tuple(zip(pieces, chosen, strict=True)),
        gains=gains.astype(np.float32),
        seed=seed,
    )


def _chokes(take: Take) -> list[int]:
    """Return where each open hi-hat is closed: at the next hit on it; else far behind the end."""
    onsets = take.onsets_samples.tolist()
    chokes, following = [], take.frames * 2
    for (piece, _), onset in zip(take.shots[::-1], onsets[::-1], strict=True):
        chokes.append(following if piece is Piece.OPEN_HAT else take.frames * 2)
        if piece in _HATS:
            following = onset
    return chokes[::-1]


def _add(out: NDArray[np.float32], shot: Shot, onset: int, gain: float, choke: int) -> None:
    start = onset - shot.rise_samples
    first = max(0, -start)
    length = min(shot.sound.shape[1], out.shape[1] - start, choke - start)
    if length <= first:
        return
    sound = shot.sound[:, first:length] * np.float32(gain)
    if length < shot.sound.shape[1]:
        fade = min(_CHOKE_SAMPLES, length - first)
        sound[:, -fade:] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    out[:, start + first : start + length] += sound


def _noise(microphones: int, frames: int, level_db: float, seed: int) -> NDArray[np.float32]:
    """Return the noise floor of the microphones, shape (microphones, frames)."""
    rng = np.random.default_rng(seed)
    out = rng.standard_normal((microphones, frames), np.float32)
    out *= np.float32(10 ** (level_db / 20))
    return out
