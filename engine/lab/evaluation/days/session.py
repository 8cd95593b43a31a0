"""One day as it is played and recorded: attempts and fillers, put in the room one after another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from pathlib import Path

import numpy as np
import soundfile

from engine.lab.evaluation.days import between
from engine.lab.evaluation.days.between import Clip, Played, Span
from engine.lab.evaluation.days.material import Material, Samples, active_rms
from engine.lab.evaluation.days.performing import CHANNELS, Manner, decayed_s, perform
from engine.lab.evaluation.days.pieces import level_of, piece_take, sounding_s
from engine.lab.evaluation.days.planning import PAUSE, Attempt, Filler, Kind
from engine.lab.evaluation.days.playing import DRUM_CHANNEL, Player, Sounding, Stage
from engine.lab.evaluation.days.rooms import Recorder, Room, impulse_response, in_room
from engine.lab.evaluation.days.songs import DRUMS, Song

_VOLUMES = {
    "bass": 100,
    "comp": 84,
    "lead": 108,
    "riff": 84,
    "pad": 66,
    "second": 78,
    "choir": 72,
    DRUMS: 104,
}
_WRITTEN_AFTER_S = 110.0
"""Longer than any talk, under which noodling can begin later."""
_PART_S = (12.0, 40.0)
_FADE_S = (0.05, 0.3)


@dataclass(frozen=True, slots=True)
class PlayedTake:
    """One attempt at a song.

    Attributes
    ----------
    start_s, stop_s : first note, without a count-in, and where the sound has decayed by 30 dB
    is_complete : whether it plays the song from its start to its end
    semitones, speed : against the song as written or recorded
    kind : a `planning.Kind`
    """

    song: str
    start_s: float
    stop_s: float
    is_complete: bool
    semitones: int
    speed: float
    kind: Kind


@dataclass(frozen=True, slots=True)
class Repertoire:
    """A song of a band, composed or recorded."""

    name: str
    length_s: float
    song: Song | None
    piece: Path | None

    @classmethod
    def recorded(cls, piece: Path) -> Repertoire:
        """Return a recorded piece as a song."""
        return cls(piece.stem, float(soundfile.info(piece).duration), None, piece)


@dataclass(frozen=True, slots=True)
class Truth:
    """Contents of a day; see `day.MadeDay`."""

    length_s: float
    takes: tuple[PlayedTake, ...]
    talk: tuple[Span, ...]
    others: dict[str, tuple[Span, ...]]


@dataclass(frozen=True, slots=True)
class _Take:
    """Sound of an attempt in the room, and times in it.

    Attributes
    ----------
    latest_s : when the take stops at the latest: recordings can end with silence
    """

    sound: Samples
    start_s: float
    release_s: float
    solos_s: tuple[Span, ...] = ()
    latest_s: float = inf


@dataclass(slots=True)
class _Levels:
    """Gain of the band, and RMS of its music, talk and noises in the recording."""

    gain: float = 1.0
    music: float = 0.1
    talk: float = 0.01
    noise: float = 0.005


@dataclass(slots=True)
class _Found:
    """The truth while the day is made."""

    takes: list[PlayedTake] = field(default_factory=list)
    talk: list[Span] = field(default_factory=list)
    others: dict[str, list[Span]] = field(default_factory=dict)


class Session:
    """Plays the items of a day into a recorder.

    Attributes
    ----------
    at_s : where the next item begins
    """

    def __init__(
        self,
        recorder: Recorder,
        room: Room,
        material: Material,
        songs: tuple[Repertoire, ...],
        player: Player,
        rng: np.random.Generator,
    ) -> None:
        self._recorder, self._room, self._material, self._songs = recorder, room, material, songs
        self._player, self._rng, self._found = player, rng, _Found()
        self._font = _one_of(material.fonts, rng)
        pans = {CHANNELS[part]: int(rng.integers(24, 104)) for part in CHANNELS}
        volumes = {CHANNELS[part]: int(by + rng.integers(-10, 11)) for part, by in _VOLUMES.items()}
        self._stage = Stage({**pans, CHANNELS["bass"]: 64}, volumes)
        self._speakers = between.drawn_speakers(material, rng)
        self._band_response = impulse_response(room, 1.0, rng)
        self._talk_response = impulse_response(room, float(rng.uniform(0.5, 3.0)), rng)
        self._piece_gains: dict[Path, float] = {}
        self._last_release_s = 0.0
        self._joined = False
        self.at_s = float(rng.uniform(0.5, 3.0))
        self._levels = self._calibrated()

    def _calibrated(self) -> _Levels:
        """Set the gain by some seconds of the band's loudest song, before the recording begins."""
        rng, levels = self._rng, _Levels()
        composed = [one.song for one in self._songs if one.song is not None]
        loud = [one for one in composed if one.has_drums] or composed
        if loud:
            song = loud[0]
            chorus = next((at for at, one in enumerate(song.sections) if one.name == "chorus"), 1)
            played = perform(
                song, Manner(first=chorus, last=chorus + 1, stops_at_s=20.0), self._material.drums, rng
            )
            wet = self._band(played.notes, played.programs)
            peak = float(np.quantile(np.abs(wet), 0.9999))
            levels.gain = 10.0 ** (self._room.drive_db / 20.0) / max(1e-4, peak)
            levels.music = levels.gain * active_rms(wet, self._room.rate_hz)
        levels.talk = levels.music * 10.0 ** (-float(rng.uniform(8.0, 25.0)) / 20.0)
        levels.noise = levels.music * 10.0 ** (-float(rng.uniform(18.0, 34.0)) / 20.0)
        return levels

    def _band(self, notes: tuple[Sounding, ...], programs: Mapping[int, int]) -> Samples:
        sound = self._player(notes, programs, self._stage, self._font, self._room.rate_hz)
        return in_room(sound, self._band_response)

    def play(self, attempt: Attempt) -> None:
        """Play an attempt at a song; the count-in comes before it."""
        which = self._songs[attempt.song]
        self._spoken_count(attempt, which)
        if which.song is not None:
            take = self._composed(which.song, attempt)
        else:
            assert which.piece is not None
            take = self._recorded(which.piece, attempt)
        start_s = self.at_s + take.start_s
        if attempt.joins_next:
            stop_s = self.at_s + take.release_s
        else:
            stop_s = self.at_s + decayed_s(take.sound, self._room.rate_hz, take.release_s)
        self._recorder.add(take.sound, self.at_s)
        if take.start_s > 0.2:
            self._note("count-in", (self.at_s, start_s))
        for solo in take.solos_s:
            self._note("drum solo", (self.at_s + solo[0], self.at_s + solo[1]))
        is_complete = attempt.kind is Kind.WHOLE
        self._found.takes.append(
            PlayedTake(
                which.name,
                start_s,
                min(stop_s, self.at_s + take.latest_s),
                is_complete,
                attempt.semitones,
                attempt.speed,
                attempt.kind,
            )
        )
        self._last_release_s, self._joined = self.at_s + take.release_s, attempt.joins_next
        self.at_s = stop_s
        self._advanced()

    def _spoken_count(self, attempt: Attempt, which: Repertoire) -> None:
        if attempt.count_in != "voice" or self._joined:
            return
        beat_s = 60.0 / which.song.tempo_bpm if which.song is not None else 0.5
        count = between.counting(self._speakers, max(0.33, beat_s), 4, self._room.rate_hz, self._rng)
        self._recorder.add(in_room(1.3 * self._levels.talk * count.sound, self._talk_response), self.at_s)
        spoken_s = max(len(count.sound) / self._room.rate_hz, 4 * max(0.33, beat_s))
        self._note("count-in", (self.at_s, self.at_s + spoken_s))
        self.at_s += spoken_s

    def _composed(self, song: Song, attempt: Attempt) -> _Take:
        rng = self._rng
        first, last, stops_at_s = 0, None, None
        if attempt.kind is Kind.PART:
            inner = [at for at, one in enumerate(song.sections) if one.name in ("chorus", "verse", "bridge")]
            first = inner[int(attempt.place * len(inner))]
            last = first + 1
        elif attempt.kind is Kind.FALSE_START:
            stops_at_s = attempt.stops_at
        elif attempt.kind is Kind.BROKEN_OFF:
            stops_at_s = attempt.stops_at * song.length_s / attempt.speed
        spare = [part for part in (*song.programs, DRUMS) if part not in ("lead", "comp", "riff")]
        manner = Manner(
            semitones=attempt.semitones,
            speed=attempt.speed,
            drift=float(rng.uniform(0.005, 0.01)),
            jitter_s=float(rng.uniform(0.008, 0.02)),
            absent=frozenset([str(rng.choice(spare))]) if attempt.misses_player else frozenset(),
            first=first,
            last=last,
            stops_at_s=stops_at_s,
            counts_in=attempt.count_in == "sticks" and song.has_drums and not self._joined,
            wrong=float(rng.uniform(0.01, 0.03)),
        )
        played = perform(song, manner, self._material.drums, rng)
        sound = self._levels.gain * self._band(played.notes, played.programs)
        # The first note of a song that joins the one before is exactly where that ends.
        skipped_s = played.start_s if self._joined else 0.0
        sound = sound[round(skipped_s * self._room.rate_hz) :]
        solos_s = tuple((start - skipped_s, stop - skipped_s) for start, stop in played.solos_s)
        return _Take(sound, played.start_s - skipped_s, played.release_s - skipped_s, solos_s)

    def _recorded(self, piece: Path, attempt: Attempt) -> _Take:
        rng, rate_hz = self._rng, self._room.rate_hz
        sound = piece_take(piece, attempt.semitones, attempt.speed, rate_hz, rng)
        length_s = len(sound) / rate_hz
        first_s, stops_s = 0.0, length_s
        if attempt.kind is Kind.PART:
            first_s = attempt.place * 0.7 * length_s
            least_s, most_s = _PART_S
            stops_s = min(length_s, first_s + least_s + (most_s - least_s) * (97.0 * attempt.place % 1.0))
        elif attempt.kind is Kind.FALSE_START:
            stops_s = min(length_s, attempt.stops_at)
        elif attempt.kind is Kind.BROKEN_OFF:
            stops_s = attempt.stops_at * length_s
        sound = sound[round(first_s * rate_hz) : round(stops_s * rate_hz)]
        if attempt.kind is not Kind.WHOLE:
            fade = np.linspace(1.0, 0.0, round(rng.uniform(*_FADE_S) * rate_hz), dtype=np.float32)
            sound[len(sound) - len(fade) :] *= fade[-len(sound) :, None]
        if piece not in self._piece_gains:
            by = 10.0 ** (float(rng.uniform(-3.0, 3.0)) / 20.0)
            self._piece_gains[piece] = by * self._levels.music / level_of(piece)
        wet = in_room(self._piece_gains[piece] * sound, self._band_response)
        latest_s = sounding_s(piece) / attempt.speed if attempt.kind is Kind.WHOLE else inf
        return _Take(wet, 0.0, len(sound) / rate_hz, latest_s=latest_s)

    def fill(self, filler: Filler) -> None:
        """Let something happen between attempts, after the one before or at the same time."""
        rng = self._rng
        if filler.name == PAUSE:
            self._note("idle", (self.at_s, self.at_s + filler.length_s))
            self.at_s += filler.length_s
            self._joined = False
            self._advanced()
            return
        start_s = self.at_s + float(rng.uniform(0.3, 2.0))
        if filler.name == "applause" or rng.random() < 0.15:
            start_s = max(self._last_release_s, self.at_s - 1.5)  # over what still rings
        if filler.is_under:
            start_s = max(0.0, self.at_s - filler.length_s - float(rng.uniform(0.0, 1.0)))
            start_s = max(start_s, self._last_release_s, self._recorder.begin_s)
        sound, spans, name = self._filler(filler)
        self._recorder.add(sound, start_s)
        for begin_s, end_s in spans:
            self._note(name, (start_s + begin_s, start_s + end_s))
        self.at_s = max(self.at_s, start_s + max(end_s for _, end_s in spans) + float(rng.uniform(0.2, 1.5)))
        self._joined = False
        if not filler.is_under:
            self._advanced()

    def _filler(self, filler: Filler) -> tuple[Samples, tuple[Span, ...], str]:
        """Return the sound in the room, spans in it and their name."""
        rng, rate_hz, levels = self._rng, self._room.rate_hz, self._levels
        if filler.name in ("talk", "applause", "idle"):
            clip, level = self._clip(filler)
            return in_room(level * clip.sound, self._talk_response), clip.spans_s, filler.name
        composed = [one.song for one in self._songs if one.song is not None]
        drums = self._material.drums
        played: Played
        if filler.name == "tuning":
            played = between.tuning(filler.length_s, rng)
        elif filler.name == "drumming" or not composed:
            played = between.drumming(filler.length_s, drums, rng)
        else:
            song = composed[int(rng.integers(len(composed)))]
            played = between.noodling(song, filler.length_s, drums, rng)
        stage = Stage(self._stage.pans, {**self._stage.volumes, 0: 96, DRUM_CHANNEL: self._stage.volumes[9]})
        dry = self._player(played.notes, played.programs, stage, self._font, rate_hz)
        level = levels.gain * 10.0 ** (-float(rng.uniform(0.0, 12.0)) / 20.0)
        return in_room(level * dry, self._band_response), ((0.0, played.stop_s),), filler.name

    def _clip(self, filler: Filler) -> tuple[Clip, float]:
        rng, rate_hz, levels = self._rng, self._room.rate_hz, self._levels
        if filler.name == "talk":
            level = levels.talk * 10.0 ** (float(rng.uniform(-4.0, 4.0)) / 20.0)
            return between.talk(self._speakers, self._material, filler.length_s, rate_hz, rng), level
        if filler.name == "applause":
            level = levels.music * 10.0 ** (-float(rng.uniform(6.0, 16.0)) / 20.0)
            return between.applause(self._material, filler.length_s, rate_hz, rng), level
        return between.room_noises(self._material, filler.length_s, rate_hz, rng), levels.noise

    def _note(self, name: str, span: Span) -> None:
        if name == "talk":
            self._found.talk.append(span)
        else:
            self._found.others.setdefault(name, []).append(span)

    def _advanced(self) -> None:
        self._recorder.written_to(max(0.0, self.at_s - _WRITTEN_AFTER_S))

    def ended(self) -> Truth:
        """Write the rest, and return the truth."""
        length_s = self.at_s + float(self._rng.uniform(3.0, 15.0))
        self._recorder.written_to(length_s)
        takes = tuple(self._found.takes)
        # Talk that begins while the last chord rings is counted from where the take ends.
        talk = outside(between.merged(self._found.talk), takes)
        others = {name: between.merged(spans) for name, spans in sorted(self._found.others.items())}
        return Truth(length_s, takes, talk, others)


def _one_of(fonts: tuple[Path, ...], rng: np.random.Generator) -> Path:
    """Draw the sound font of a day; compressed ones take three times as long, and are drawn half as often."""
    if not fonts:
        return Path()
    weights = np.array([0.5 if one.suffix == ".sf3" else 1.0 for one in fonts])
    return fonts[int(rng.choice(len(fonts), p=weights / weights.sum()))]


def outside(spans: tuple[Span, ...], takes: tuple[PlayedTake, ...]) -> tuple[Span, ...]:
    """Return the parts of spans that are outside all takes."""
    left = list(spans)
    for take in takes:
        pieces = [(start, min(stop, take.start_s)) for start, stop in left]
        pieces += [(max(start, take.stop_s), stop) for start, stop in left]
        left = [one for one in pieces if one[1] > one[0]]
    return tuple(sorted(left))
