"""Playback of rendered audio: a ring buffer, a reader thread, and a device or a clock as its consumer.

    source ─► Reader (thread) ─► Ring ─► Feed ─► DeviceOutput (PortAudio's thread) or SilentOutput (a clock)

`Player` is the only part the window touches.
"""

from desktop.shell.playback.output import AudioChoice, output_devices
from desktop.shell.playback.play_source import PlaySource, SourceFactory
from desktop.shell.playback.player import Player

__all__ = ["AudioChoice", "PlaySource", "Player", "SourceFactory", "output_devices"]
