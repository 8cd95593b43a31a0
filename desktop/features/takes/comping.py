"""Takes of a track by mouse and keys: unfolding their lanes, choosing one, and playing it or a part of it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from desktop.shell.messages import reporting_refusals
from desktop.shell.shell import Shell
from desktop.timeline.clips import Clips
from desktop.timeline.tracks import Tracks
from engine.core.errors import UsageError
from engine.core.wording import counted
from engine.document.edits.clips import clip_of, raise_clips
from engine.document.edits.takes import take_lanes
from engine.document.edits.tracks import track_of
from engine.document.tracks import Clip, Track


class Comping(QObject):
    """The takes of a track: which are shown, and which is played.

    Its signals carry the message about a result, and the reason of a refusal.
    """

    said = Signal(str)
    refused = Signal(str)

    def __init__(self, window: QWidget, shell: Shell, tracks: Tracks, clips: Clips) -> None:
        super().__init__(window)
        self._shell, self._session = shell, shell.session
        self._tracks, self._clips = tracks, clips
        play, play_lane = (reporting_refusals(do, self.refused.emit) for do in (self._play, self._play_lane))
        shell.timeline.canvas.take_played.connect(play)
        shell.timeline.heads.take_played.connect(play_lane)

    def unfold(self) -> None:
        """Show the takes of the current track under its lane, or fold them."""
        track, lanes = self._tracks.current(), self._shell.timeline.lanes
        count = len(self._lanes(track))
        if self._shell.transport.plays_result:
            raise UsageError("Takes are shown over the source. Show the source ‹transport.source_result›.")
        lanes.toggle_takes(track.id)
        lanes.reveal(track.id)
        is_open = track.id in lanes.unfolded
        self.said.emit(f"{counted(count, 'take')} of {track.name} {'shown' if is_open else 'folded'}")

    def play(self) -> None:
        """Let the track play the chosen clips instead of those that cover them."""
        self._raise(self._clips.required())

    def play_here(self) -> None:
        """Let the track play the selected part of the takes of the chosen clips."""
        self._raise(self._clips.required(), self._shell.selecting.required())

    def choose_beside(self, direction: int) -> None:
        """Choose the take at the playhead in the lane below (1) or above (-1) the chosen one, cyclically."""
        track, chosen = clip_of(self._session.state, self._clips.required()[-1])
        lanes, here = self._lanes(track), self._shell.transport.playhead_samples
        own = next(number for number, lane in enumerate(lanes) if chosen in lane)
        around = [lanes[(own + direction * step) % len(lanes)] for step in range(1, len(lanes))]
        found = next((clip for lane in around for clip in lane if _is_at(clip, here)), None)
        if found is None:
            raise UsageError("No other take at the playhead: move it to a passage with several takes.")
        self._clips.choose((found.id,))

    def _lanes(self, track: Track) -> tuple[tuple[Clip, ...], ...]:
        lanes = take_lanes(self._session.state, track)
        if len(lanes) < 2:
            raise UsageError(f"{track.name} has no takes: its clips do not overlap.")
        return lanes

    def _play(self, clip_id: str, span: tuple[int, int] | None) -> None:
        self._raise((clip_id,), span)

    def _play_lane(self, track_id: str, number: int) -> None:
        lane = self._lanes(track_of(self._session.state, track_id))[number]
        self._raise(tuple(clip.id for clip in lane))

    def _raise(self, keys: tuple[str, ...], span: tuple[int, int] | None = None) -> None:
        if span is not None:
            keys = self._in_lanes_of(keys, span) or keys
        chosen = self._clips.chosen
        label = self._session.apply(raise_clips(self._session.state, keys, span)).label
        if len(self._clips.chosen) < len(chosen):  # they are parts of one clip again
            self._clips.choose(tuple(dict.fromkeys(map(self._holder_of, chosen))))
        self.said.emit(label)

    def _holder_of(self, part: Clip) -> str:
        """Return the id of the clip that a part of it was joined into."""
        clips = (clip for track in self._session.state.tracks for clip in reversed(track.clips))
        return next(clip.id for clip in clips if clip.take == part.take and _is_at(clip, part.start_samples))

    def _in_lanes_of(self, keys: tuple[str, ...], span: tuple[int, int]) -> tuple[str, ...]:
        """Return the clips inside a span in the lanes of some: a take may have been split."""
        state = self._session.state
        tracks = {track.id: track for track, _ in (clip_of(state, key) for key in keys)}
        lanes = (lane for track in tracks.values() for lane in take_lanes(state, track))
        return tuple(
            clip.id
            for lane in lanes
            if any(clip.id in keys for clip in lane)
            for clip in lane
            if clip.start_samples < span[1] and clip.stop_samples > span[0]
        )


def _is_at(clip: Clip, position_samples: int) -> bool:
    return clip.start_samples <= position_samples < clip.stop_samples
