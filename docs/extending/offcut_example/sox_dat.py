"""The decoder "sox-dat": the text files of SoX, which hold a line for each moment."""

from dataclasses import dataclass

import numpy as np

from engine.sound.decoders.decoder import AudioStream, Decoder, UnsupportedError


@dataclass
class DatStream(AudioStream):
    """See `engine.sound.decoders.decoder.AudioStream`."""

    samples: np.ndarray  # shape (frames, channels)
    rate_hz: int
    container, subtype, seeks_exactly, tolerance_frames = "sox-dat", "FLOAT", True, 0

    def __post_init__(self):
        self.frames, self.channels = self.samples.shape
        self.promised_frames = self.frames

    def read(self, start, out):
        piece = self.samples[start : start + len(out)]
        out[: len(piece)] = piece
        return len(piece)


def open_dat(path, _track):
    with path.open("rb") as stream:
        words = stream.readline(80).split()
    try:
        return DatStream(np.loadtxt(path, np.float32, comments=b";", ndmin=2)[:, 1:], int(words[3]))
    except (ValueError, IndexError) as error:
        raise UnsupportedError(f"{path} is not a text file of SoX.") from error


SOX_DAT = Decoder("sox-dat", frozenset({".dat"}), open_dat)
