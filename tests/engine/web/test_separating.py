"""A sound is named, taken out and heard: only its windows change."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from engine.features.repair.separation.settings import LEAST_PROBABILITY
from tests.engine.web.client import Client
from tests.mostly_long import mostly_long

RATE_HZ = 44_100
WINDOWS_S = [[2.9, 3.3], [3.5, 4.2]]


def _heard(pages: Client, path: str) -> NDArray[np.int16]:
    """Return all of what a page plays, fetched piece by piece as a browser does."""
    held, size = b"", 1
    while len(held) < size:
        reply = pages.get(path, Range=f"bytes={len(held)}-")
        assert reply.status == 206, reply.body
        unit, _, size_told = reply.headers["content-range"].partition("/")
        assert unit.startswith(f"bytes {len(held)}-")
        held, size = held + reply.body, int(size_told)
    samples, rate_hz = soundfile.read(io.BytesIO(held), dtype="int16", always_2d=True)
    assert rate_hz == RATE_HZ
    return np.asarray(samples, np.int16)


def _outside(length: int) -> NDArray[np.bool_]:
    outside = np.ones(length, bool)
    for start_s, stop_s in WINDOWS_S:
        outside[round(start_s * RATE_HZ) : round(stop_s * RATE_HZ)] = False
    return outside


@mostly_long("mode", ["remove", "keep"], keep=("remove",))
def test_only_the_windows_change(pages: Client, folder: Path, mode: str) -> None:
    """What is downloaded has the same rate, channels and bits; outside it is the same samples."""
    key = pages.open("talk.wav")["key"]
    asked = {"windows_s": WINDOWS_S, "texts": ["dog"], "mode": mode}
    job = pages.done(f"api/recordings/{key}/separate", asked)
    assert job["state"] == "done", job["text"]
    assert job["answer"]["windows_s"] == WINDOWS_S
    assert job["answer"]["lowered_db"] >= 0.0
    assert job["answer"]["summary"]
    assert job["answer"]["probability"] > 0.8
    result = f"api/results/{job['answer']['result']}"
    reply = pages.get(f"{result}/download")
    assert f"talk%2C%20{mode}.wav" in reply.headers["content-disposition"]
    after, rate_hz = soundfile.read(io.BytesIO(reply.body), dtype="int16")
    before = soundfile.read(folder / "talk.wav", dtype="int16")[0]
    form = soundfile.info(io.BytesIO(reply.body))
    assert (rate_hz, form.subtype, after.shape) == (RATE_HZ, "PCM_16", before.shape)
    outside = _outside(len(before))
    assert after[outside].tobytes() == before[outside].tobytes()
    assert np.any(after[~outside] != before[~outside])
    heard = {
        what: _heard(pages, f"{result}/{what}").astype(int) for what in ("target", "remainder", "result")
    }
    np.testing.assert_array_equal(heard["result"], after)
    np.testing.assert_array_equal(_heard(pages, f"api/recordings/{key}/listen"), before)
    assert not heard["target"][outside].any()
    np.testing.assert_array_equal(heard["remainder"][outside], before[outside])
    # Each is rounded for itself.
    assert np.abs(heard["target"] + heard["remainder"] - before).max() <= 1
    if mode == "remove":
        np.testing.assert_array_equal(heard["remainder"], after)


def test_flac_stays_flac_with_its_bits(pages: Client, folder: Path) -> None:
    """24 bits, one channel; without words what is new in the window is meant."""
    key = pages.open("below/take.flac")["key"]
    job = pages.done(f"api/recordings/{key}/separate", {"windows_s": [[3.0, 3.5]], "strength_db": 12})
    assert job["answer"]["texts"] == ["the most prominent sound"]
    reply = pages.get(f"api/results/{job['answer']['result']}/download")
    after, _rate_hz = soundfile.read(io.BytesIO(reply.body), dtype="int32")
    before, _rate_hz = soundfile.read(folder / "below" / "take.flac", dtype="int32")
    assert soundfile.info(io.BytesIO(reply.body)).subtype == "PCM_24"
    np.testing.assert_array_equal(after[: 3 * RATE_HZ], before[: 3 * RATE_HZ])


def test_a_window_is_told_in_words(pages: Client) -> None:
    """The likeliest first; silence is told as such."""
    key = pages.open("talk.wav")["key"]
    job = pages.done(f"api/recordings/{key}/detect", {"windows_s": [[2.9, 4.1]]})
    labels = job["answer"]["labels"]
    assert labels[0]["text"] == "dog"
    assert [one["likelihood"] for one in labels] == sorted(
        (one["likelihood"] for one in labels), reverse=True
    )
    silence = io.BytesIO()
    soundfile.write(silence, np.zeros((RATE_HZ, 1)), RATE_HZ, format="WAV")
    key = pages.upload(silence.getvalue()).fields["key"]
    assert pages.done(f"api/recordings/{key}/detect", {"windows_s": [[0, 1]]})["answer"] == {"labels": []}


def test_bad_wishes_are_told_by_the_job(pages: Client) -> None:
    """In the sentences of the command line."""
    key = pages.open("talk.wav")["key"]
    second: dict[str, object] = {"windows_s": [[1.0, 2.0]]}
    for asked, said in (
        ({"windows_s": [[2.0, 1.0]]}, "ends before it begins"),
        ({"windows_s": [[1.0, 1.0]]}, "ends before it begins"),
        ({"windows_s": [[7.0, 9.0]]}, "exceeds the recording, which is from 0 to 8 s"),
        ({"windows_s": [[1.0, 1.001]]}, "too short"),
        (second | {"texts": ["x" * 10_000]}, "10,000 characters"),
        (second | {"texts": [" "]}, "No sound is named"),
        (second | {"texts": ["dog"] * 13}, "13 sounds are named"),
    ):
        job = pages.done(f"api/recordings/{key}/separate", asked)
        assert job["state"] == "failed", asked
        assert said in job["text"]
    assert not list(pages.serving.session.own.iterdir())


def test_a_prompt_that_is_refused_says_why_in_figures(pages: Client) -> None:
    """What is not known with the nearest names, what is not there with its probability."""
    path = f"api/recordings/{pages.open('talk.wav')['key']}/separate"
    job = pages.done(path, {"windows_s": WINDOWS_S, "texts": ["dgo barking"]})
    assert job["refusal"]["code"] == "not_understood"
    assert job["refusal"]["nearest"][0] == "dog"
    job = pages.done(path, {"windows_s": WINDOWS_S, "texts": ["washing machine"]})
    assert job["refusal"]["code"] == "not_found"
    assert 0.0 <= job["refusal"]["probability"] < LEAST_PROBABILITY
    job = pages.done(path, {"windows_s": WINDOWS_S, "like_s": [[3.5, 4.0]]})
    assert job["state"] == "done", job["text"]
    assert job["answer"]["probability"] is None


def test_what_is_not_understood_begins_no_job(pages: Client) -> None:
    """Wrong types, numbers that are none, other fields."""
    path = f"api/recordings/{pages.open('talk.wav')['key']}/separate"
    for fields in (
        {},
        {"windows_s": []},
        {"windows_s": [[-1.0, 2.0]]},
        {"windows_s": [[1.0]]},
        {"windows_s": [[0.0, float("nan")]]},
        {"windows_s": [[0.0, float("inf")]]},
        {"windows_s": [[0.0, 1.0]] * 201},
        {"windows_s": [[0.0, 1.0]], "mode": "destroy"},
        {"windows_s": [[0.0, 1.0]], "texts": "dog"},
        {"windows_s": [[0.0, 1.0]], "strength_db": -3},
        {"windows_s": [[0.0, 1.0]], "separator": "../weights.safetensors"},
    ):
        assert pages.post(path, fields).status == 400, fields
    assert pages.post("api/recordings/none/separate", {"windows_s": [[0.0, 1.0]]}).status == 400


def test_work_is_cancelled_and_too_much_of_it_refused(pages: Client) -> None:
    """What waits never begins; what is cancelled leaves no file."""
    path = f"api/recordings/{pages.open('talk.wav')['key']}/separate"
    replies = [pages.post(path, {"windows_s": [[0.0, 8.0]]}) for _ in range(12)]
    begun = [reply.fields["id"] for reply in replies if reply.status == 202]
    assert replies[-1].refusal.startswith("Too much is being done")
    for key in begun:
        assert pages.raw(f"{pages.root}api/jobs/{key}", "DELETE").status == 200
    states = [pages.get(f"api/jobs/{key}").fields["state"] for key in begun]
    while "running" in states or "waiting" in states:
        states = [pages.get(f"api/jobs/{key}").fields["state"] for key in begun]
    assert states[-1] == "cancelled"
    assert len(list(pages.serving.session.own.iterdir())) == states.count("done")


def test_ranges_are_answered_to_the_byte(pages: Client) -> None:
    """Any piece is that of the whole; what lies beyond is refused."""
    path = f"api/recordings/{pages.open('talk.wav')['key']}/listen"
    whole = pages.get(path).body
    assert len(whole) == 44 + 8 * RATE_HZ * 4
    assert pages.get(path, Range="bytes=0-").body == whole[: 1 << 20]
    for first, last in (
        (0, 0),
        (0, 43),
        (43, 44),
        (44, 44),
        (45, 50),
        (101, 100_001),
        (1_000_003, 1_000_010),
    ):
        reply = pages.get(path, Range=f"bytes={first}-{last}")
        assert (reply.status, reply.body) == (206, whole[first : last + 1])
    size = int(reply.headers["content-range"].partition("/")[2])
    assert size == len(whole)
    assert len(pages.get(path, Range=f"bytes={size - 3}-").body) == 3
    for wrong in (f"bytes={size}-", "bytes=5-4", "bytes=-", "lines=1-2"):
        assert pages.get(path, Range=wrong).status == 416, wrong
