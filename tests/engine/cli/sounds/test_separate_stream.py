"""``offcut separate --stream``: through real pipes, and what it refuses."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.engine.barking import barking

CODE = "import sys; from engine.cli.main import main; sys.exit(main(sys.argv[1:]))"
RATE_HZ = 48_000


def piped(data: bytes, *words: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", CODE, "separate", "--stream", *words]
    return subprocess.run(command, input=data, capture_output=True, check=False)


@pytest.fixture(scope="module")
def wav(data_dir: Path) -> bytes:
    """Two seconds of 16 bits, in which a dog barks, with the length that ffmpeg writes to a pipe."""
    file = io.BytesIO()
    soundfile.write(
        file, barking(data_dir, RATE_HZ)[3 * RATE_HZ : 5 * RATE_HZ], RATE_HZ, "PCM_16", format="WAV"
    )
    whole = bytearray(file.getvalue())
    place = whole.index(b"data")
    whole[4:8] = whole[place + 4 : place + 8] = b"\xff" * 4
    return bytes(whole)


def test_a_stream_of_unknown_length_goes_through(wav: bytes) -> None:
    done = piped(wav, "--text", "dog", "--json")
    assert done.returncode == 0, done.stderr
    begun, ended = map(json.loads, done.stderr.splitlines())
    assert (begun["latency_s"], begun["encoding"]) == (0.768, "PCM_16")
    assert ended["duration_s"] == 2.0
    samples = soundfile.read(io.BytesIO(done.stdout))[0]
    assert samples.shape == (2 * RATE_HZ, 2)
    assert np.any(samples)


def test_an_end_within_a_frame_is_told_and_whole_frames_are_written(wav: bytes) -> None:
    done = piped(wav[:-1], "--text", "dog")
    assert done.returncode == 1
    assert b"ended within a frame" in done.stderr.splitlines()[-1]
    assert (len(done.stdout) - 44) == (2 * RATE_HZ - 1) * 4


@pytest.mark.parametrize(
    ("data", "words", "status", "said"),
    [
        (b"", ("--text", "dog"), 1, b"stream is empty"),
        (b"no sound at all", ("--text", "dog"), 1, b"not WAV"),
        (b"", ("--text", "dgo barking"), 2, b"known names are dog,"),
        (b"", ("--text", "dog", "--separator", "nmf"), 2, b"cannot stream"),
        (b"", ("--text", "dog", "--window", "0", "1"), 2, b"leave out --window"),
    ],
)
def test_what_cannot_stream_is_refused(data: bytes, words: tuple[str, ...], status: int, said: bytes) -> None:
    done = piped(data, *words)
    assert (done.returncode, done.stdout) == (status, b"")
    assert said in done.stderr
    assert done.stderr.count(b"\n") == 1
