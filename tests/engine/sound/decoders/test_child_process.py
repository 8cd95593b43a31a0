"""Decoding in other processes: a crash, a hang or too much memory there is one sentence here."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from engine.core.build import module_environment
from engine.core.errors import SourceError
from engine.sound.decoders import limited_process
from engine.sound.decoders.av_child import Opened
from engine.sound.decoders.decoder import Decoder
from engine.sound.decoders.ffmpeg_program import FFMPEG_PROGRAM
from engine.sound.decoders.pyav import CHILDREN, PYAV
from engine.sound.reader import probe
from tests.engine.sound.decoders.conftest import DECODERS, HAS_PROGRAM, decoded, music, written

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes as Linux shows them")
RATE_HZ, LONG_FRAMES, SHORT_FRAMES = 48_000, 2_000_000, 10_000
"""The long one is more than what pipes and orders have under way."""

needs_program = pytest.mark.skipif(not HAS_PROGRAM, reason="no ffmpeg here")


def children() -> set[int]:
    """Return the processes that this one has started and not seen the end of."""
    tasks = Path("/proc/self/task").glob("*/children")
    return {int(pid) for task in tasks for pid in task.read_text().split()}


def handles() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    CHILDREN.end()
    before, open_before = children(), handles()
    yield
    CHILDREN.end()
    assert children() == before
    assert handles() == open_before


@pytest.fixture(scope="module")
def long_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("long") / "long.m4a"
    return written(path, "alac", [music(LONG_FRAMES, RATE_HZ, 1)], RATE_HZ, form="s16")


def short_file(folder: Path, number: int, channels: int = 2) -> tuple[Path, np.ndarray]:
    audio = music(SHORT_FRAMES + 64 * number, RATE_HZ, channels)
    return written(folder / f"{number}.mka", "flac", [audio], RATE_HZ, form="s16"), audio


def require_one_sentence(error: BaseException, path: Path) -> None:
    assert str(path) in str(error)
    assert str(error).endswith(".")
    assert "\n" not in str(error)


def test_a_child_that_is_killed_in_a_pass_is_a_sentence_and_the_next_pass_works(long_file: Path) -> None:
    before = children()
    stream = PYAV.open(long_file, 1)
    out = np.empty((stream.frames, 1), np.float32)
    assert stream.read(0, out[:1_000]) == 1_000
    (pid,) = children() - before
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(SourceError, match="SIGKILL") as caught:
        stream.read(1_000, out[1_000:])
    require_one_sentence(caught.value, long_file)
    stream.rewind()
    assert stream.read(0, out) == len(out)
    stream.close()


def test_a_child_that_was_killed_while_it_waited_is_replaced(tmp_path: Path) -> None:
    before = children()
    path, audio = short_file(tmp_path, 1)
    for _ in range(2):
        np.testing.assert_array_equal(decoded(path, PYAV)[1], audio.astype(np.float32))
        for pid in children() - before:
            os.kill(pid, signal.SIGKILL)
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


def test_a_child_that_stops_answering_is_ended(long_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = children()
    stream = PYAV.open(long_file, 1)
    monkeypatch.setattr(limited_process, "PATIENCE_S", 0.05)
    out = np.empty((stream.frames, 1), np.float32)
    (pid,) = children() - before
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(SourceError, match=r"0\.05 s") as caught:
        stream.read(0, out)
    require_one_sentence(caught.value, long_file)
    stream.close()
    assert children() == before


@needs_program
def test_a_program_that_stops_answering_is_ended(long_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = children()
    stream = FFMPEG_PROGRAM.open(long_file, 1)
    out = np.empty((stream.frames, 1), np.float32)
    assert stream.read(0, out[:1_000]) == 1_000
    monkeypatch.setattr(limited_process, "PATIENCE_S", 0.05)
    (pid,) = children() - before
    os.kill(pid, signal.SIGSTOP)
    assert stream.read(1_000, out[1_000:]) < len(out) - 1_000
    stream.close()
    assert "damaged" in stream.notice


@pytest.mark.parametrize("decoder", DECODERS)
def test_memory_is_limited(long_file: Path, decoder: Decoder) -> None:
    import resource

    before = children()
    stream = decoder.open(long_file, 1)
    stream.read(0, np.empty((1_000, 1), np.float32))
    (pid,) = children() - before
    assert resource.prlimit(pid, resource.RLIMIT_AS) == (limited_process.MEMORY_BYTES,) * 2
    stream.close()


@pytest.mark.parametrize("decoder", DECODERS)
def test_a_process_that_gets_too_little_memory_to_start_is_a_sentence(
    tmp_path: Path, decoder: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = short_file(tmp_path, 1)
    monkeypatch.setattr(limited_process, "MEMORY_BYTES", 16 << 20)
    with pytest.raises(SourceError) as caught:
        decoder.open(path, 1)
    require_one_sentence(caught.value, path)


def test_a_file_that_takes_more_memory_than_is_given_is_a_sentence(tmp_path: Path) -> None:
    import resource

    before = children()
    small, audio = short_file(tmp_path, 1)
    decoded(small, PYAV)
    (pid,) = children() - before
    (size_kb,) = re.findall(r"VmSize:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    room_for_the_stack = 8 << 20
    limit_bytes = 1_024 * int(size_kb) + room_for_the_stack
    resource.prlimit(pid, resource.RLIMIT_AS, (limit_bytes, limited_process.MEMORY_BYTES))
    large = written(tmp_path / "8.mka", "flac", [music(400_000, 96_000, 8)], 96_000, form="s16")
    with pytest.raises(SourceError, match=r"memory|SIGSEGV") as caught:  # a stack that cannot grow is a crash
        decoded(large, PYAV)
    require_one_sentence(caught.value, large)
    np.testing.assert_array_equal(decoded(small, PYAV)[1], audio.astype(np.float32))


def test_many_small_files_share_one_child(tmp_path: Path) -> None:
    before = children()
    seen = set()
    for number in range(12):
        path, audio = short_file(tmp_path, number)
        assert probe(path).frames == len(audio)
        np.testing.assert_array_equal(decoded(path, PYAV)[1], audio.astype(np.float32))
        seen |= children() - before
    (tmp_path / "text.mka").write_bytes(path.read_bytes()[:40] + b"text" * 100)
    with pytest.raises(SourceError):
        probe(tmp_path / "text.mka")
    assert children() - before == seen
    assert len(seen) == 1


def test_few_children_wait(tmp_path: Path) -> None:
    before = children()
    streams = [PYAV.open(short_file(tmp_path, number)[0], 1) for number in range(4)]
    assert len(children() - before) == 4
    for stream in streams:
        stream.close()
        stream.close()
    assert len(children() - before) == 2


def test_a_pass_that_is_left_early_does_not_disturb_the_next(tmp_path: Path, long_file: Path) -> None:
    before = children()
    path, audio = short_file(tmp_path, 1)
    for frames in (0, 1, 70_000):
        stream = PYAV.open(long_file, 1)
        stream.read(0, np.empty((frames, 1), np.float32))
        stream.close()
        np.testing.assert_array_equal(decoded(path, PYAV)[1], audio.astype(np.float32))
    assert len(children() - before) == 1


def test_two_threads_decode_at_once(tmp_path: Path, long_file: Path) -> None:
    alone = decoded(long_file, PYAV)[1]
    others = [short_file(tmp_path, number) for number in range(6)]
    with ThreadPoolExecutor(2) as threads:
        whole = threads.submit(decoded, long_file, PYAV)
        for (_, audio), found in zip(
            others, threads.map(lambda one: decoded(one[0], PYAV), others), strict=True
        ):
            np.testing.assert_array_equal(found[1], audio.astype(np.float32))
        np.testing.assert_array_equal(whole.result()[1], alone)


def test_a_child_ends_with_the_process_that_started_it(long_file: Path) -> None:
    script = (
        "import sys, numpy; from pathlib import Path; from engine.sound.decoders.pyav import PYAV\n"
        "stream = PYAV.open(Path(sys.argv[1]), 1); stream.read(0, numpy.empty((9, 1)))\n"
        "print('begun', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(long_file)],
        env=module_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"begun\n"
        (pid,) = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
        ended = select.poll()
        handle = os.pidfd_open(int(pid))
        ended.register(handle, select.POLLIN)
        parent.kill()
        assert ended.poll(20_000)
        os.close(handle)


def test_a_child_imports_little() -> None:
    """It starts in a fifth of a second, and what it does not hold it cannot lose."""
    script = "import engine.sound.decoders.av_child, sys; print(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", script], env=module_environment(), capture_output=True, check=True, text=True
    )
    own = {name for name in found.stdout.split() if name.startswith("engine.sound.decoders.")}
    assert {name.rpartition(".")[2] for name in own} == {"av_child", "ffmpeg_codecs"}
    assert "soundfile" not in found.stdout.split()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"movflags": "+faststart"},
        {"movflags": "+frag_keyframe"},
        {"movflags": "+frag_keyframe+empty_moov"},
    ],
    ids=lambda options: options.get("movflags", "plain"),
)
@pytest.mark.parametrize("codec", ["aac", "alac"])
def test_the_index_gives_the_times_of_the_packets(
    tmp_path: Path, codec: str, options: dict[str, str]
) -> None:
    form = "flt" if codec == "aac" else "s16"
    tracks = [music(frames, RATE_HZ) for frames in (50_000, 30_001)]
    path = written(tmp_path / "a.m4a", codec, tracks, RATE_HZ, form=form, container="mp4", options=options)
    for track in (1, 2):
        times = []
        for times_of in (Opened.times, Opened.times_by_index):
            opened = Opened(str(path), "mov", track)
            opened.choose()
            times.append(times_of(opened))
            opened.close()
        assert len(times[0]) > 5
        assert times[1] in (times[0], [])
        assert times[1] or "frag" in options.get("movflags", "")
