"""``offcut separate --stream``: through real pipes, and what it refuses.

Commands are forked from a process that has imported what they need: that takes longer than they do.
"""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.cli.main import main
from engine.features.repair.separation.registry import streaming_separator
from engine.features.repair.separation.separator import Mode
from engine.sound.reader import SourceReader
from tests.engine.barking import barking
from tests.engine.features.repair.separation.test_streaming import streamed

if "forkserver" not in multiprocessing.get_all_start_methods():
    pytest.skip("commands are forked", allow_module_level=True)

CODE = "import sys; from engine.cli.main import main; sys.exit(main(sys.argv[1:]))"
RATE_HZ = 48_000
FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload(
    ["engine.cli.separate_stream", "tests.engine.features.repair.separation.test_streaming"]
)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it wrote."""

    returncode: int | None
    stdout: bytes
    stderr: bytes


def be_command(pipes: Sequence[Connection], words: Sequence[str]) -> None:
    """Be the command, with pipes for its three standard streams."""
    for number, pipe in enumerate(pipes):
        os.dup2(pipe.fileno(), number)
    sys.stdin = os.fdopen(0)
    sys.exit(main(["separate", "--stream", *words]))


def piped(data: bytes, *words: str) -> Ended:
    sources, sinks = zip(*(FORKED.Pipe(duplex=False) for _stream in range(3)), strict=True)
    own, others = (sinks[0], sources[1], sources[2]), (sources[0], sinks[1], sinks[2])
    command = FORKED.Process(target=be_command, args=(others, words))
    command.start()
    for pipe in others:
        pipe.close()
    said: list[bytes] = []
    threads = [
        threading.Thread(target=_write, args=(own[0], data)),
        threading.Thread(target=lambda: said.append(_read(own[2]))),
    ]
    for thread in threads:
        thread.start()
    out = _read(own[1])
    for thread in threads:
        thread.join()
    command.join()
    status = command.exitcode
    command.close()
    return Ended(status, out, b"".join(said))


def _write(pipe: Connection, data: bytes) -> None:
    with suppress(BrokenPipeError), os.fdopen(os.dup(pipe.fileno()), "wb") as stream:
        pipe.close()
        stream.write(data)


def _read(pipe: Connection) -> bytes:
    with os.fdopen(os.dup(pipe.fileno()), "rb") as stream:
        pipe.close()
        return stream.read()


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
    ("subtype", "channels", "rate_hz", "container"),
    [
        ("PCM_24", 1, 44_100, "WAV"),
        ("PCM_32", 2, 48_000, "RF64"),
        pytest.param("FLOAT", 6, 22_050, "WAVEX", marks=pytest.mark.long),
        pytest.param("DOUBLE", 2, 96_000, "WAV", marks=pytest.mark.long),
    ],
)
def test_every_encoding_is_separated_as_the_samples_of_the_file(
    data_dir: Path, tmp_path: Path, subtype: str, channels: int, rate_hz: int, container: str
) -> None:
    path = tmp_path / "bark.wav"
    bark = barking(data_dir, rate_hz)[3 * rate_hz : 4 * rate_hz + 1, :1]
    samples = bark * np.linspace(1.0, 0.1, channels, dtype=np.float32)
    soundfile.write(path, samples, rate_hz, subtype, format=container)
    done = piped(path.read_bytes(), "--text", "dog", "--separator", "network")
    assert done.returncode == 0, done.stderr
    out = tmp_path / "out.wav"
    out.write_bytes(done.stdout)
    assert soundfile.info(out).subtype == subtype
    with SourceReader(path) as file, SourceReader(out) as separated:
        expected = streamed(
            streaming_separator("network"), file.read(0, file.frames), rate_hz, "dog", Mode.REMOVE
        )
        np.testing.assert_allclose(separated.read(0, separated.frames), expected, atol=1e-6)


def test_a_reader_that_leaves_ends_the_command_silently(wav: bytes) -> None:
    """An interpreter of its own, whose last words on a broken pipe would be seen."""
    command = [sys.executable, "-c", CODE, "separate", "--stream", "--text", "dog", "--separator", "network"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(wav[: len(wav) // 2])
        process.stdin.flush()
        assert process.stdout.read(4) == b"RIFF"
        process.stdout.close()
        with suppress(BrokenPipeError):
            process.stdin.write(wav[len(wav) // 2 :])
            process.stdin.close()
        assert len(process.stderr.readlines()) == 1, "what it says at the start"
        assert process.wait() == 141


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
