"""Whatever a request calls a file, nothing outside of the folder is read."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.core.errors import UsageError
from engine.web.files import inside, recordings_in, tastes_inside
from tests.engine.web.client import Client

ESCAPES = (
    "..",
    "../secret.wav",
    "below/../../secret.wav",
    "below/../talk.wav",
    "./talk.wav",
    "below//take.flac",
    "/etc/passwd",
    "//etc/passwd",
    "..\\secret.wav",
    "below\\take.flac",
    "C:/secret.wav",
    "talk.wav\0.txt",
    "\0",
    "",
    ".",
    "/",
    "below",
    "below/",
    "talk.wav/",
    "talk.wav/.",
    "%2e%2e/secret.wav",
    "..%2fsecret.wav",
    "~/secret.wav",
    "~root/secret.wav",
    "talk.wav ",
    "\udcff.wav",
    "caf\ufffd.wav",
    "x" * 300,
    "x/" * 5_000 + "x",
    "link.wav",
    "linked/secret.wav",
    "loop",
    "pipe.wav",
    "．．/secret.wav",
)


@pytest.fixture
def root(folder: Path, tmp_path: Path) -> Path:
    """Return a folder beside which a secret lies, with links that lead to it."""
    root = tmp_path / "root"
    (root / "below").mkdir(parents=True)
    for name in ("talk.wav", "below/take.flac"):
        os.link(folder / name, root / name)
    secret = tmp_path / "secret.wav"
    soundfile.write(secret, [0.0, 0.5], 8_000)
    (tmp_path / "root.taste").write_bytes(b"x")
    (root / "link.wav").symlink_to(secret)
    (root / "linked").symlink_to(tmp_path)
    (root / "loop").symlink_to(root / "loop")
    (root / "inner.wav").symlink_to(root / "talk.wav")
    (root / "away.taste").symlink_to(tmp_path / "root.taste")
    os.mkfifo(root / "pipe.wav")
    Path(os.fsdecode(os.fsencode(root) + b"/caf\xe9.wav")).symlink_to(root / "talk.wav")
    return root


@pytest.mark.parametrize("name", ESCAPES)
def test_a_name_that_leads_elsewhere_is_refused(root: Path, name: str) -> None:
    """In the words of its own, which tell nothing of what is outside."""
    with pytest.raises(UsageError) as refused:
        inside(root, name)
    assert "root" not in str(refused.value).replace("~root", "")
    assert len(str(refused.value)) < 200


def test_what_is_in_the_folder_is_listed_and_found(root: Path) -> None:
    """Links within it are followed; others, and names that are no text, are not even listed."""
    assert recordings_in(root) == ("inner.wav", "talk.wav", "below/take.flac")
    assert inside(root, "inner.wav") == (root / "talk.wav").resolve()
    assert inside(root, "below/take.flac").name == "take.flac"
    assert tastes_inside(root) == ()


def test_the_pages_open_nothing_outside(serve, root: Path) -> None:
    """The same over HTTP, for recordings and for tastes; keys of ours are no paths either."""
    pages: Client = serve(root)
    for name in ESCAPES:
        reply = pages.post("api/open", {"name": name})
        assert reply.status == 400, name
        assert reply.refusal
    for taste in ("folder/../root.taste", "folder/away.taste", "shipped/../README.md", "x/y.taste", ""):
        job = pages.done("api/tastes", {"taste": taste})
        assert job["state"] == "failed", taste
    for path in ("api/recordings/..%2fsecret.wav/listen", "api/results/..%2fsecret/download", "api/jobs/.."):
        assert pages.get(path).status in (400, 404), path
    assert pages.serving.session.recordings == {}
    assert pages.open("talk.wav")["name"] == "talk.wav"


def test_without_a_folder_nothing_can_be_picked(serve) -> None:
    """Recordings can still be sent."""
    pages: Client = serve(None)
    assert pages.get("api/folder").fields["recordings"] == []
    assert pages.post("api/open", {"name": "talk.wav"}).refusal.startswith("No folder is served")


def test_no_page_is_told_where_the_folder_is(serve, root: Path) -> None:
    (root / "notes.wav").write_bytes(b"no audio")
    (root / "broken.taste").write_bytes(b"no taste")
    pages = serve(root)
    key = pages.open("talk.wav")["key"]
    replies = [
        pages.get("api/folder").body.decode(),
        pages.post("api/open", {"name": "notes.wav"}).body.decode(),
        str(pages.done("api/tastes", {"taste": "folder/broken.taste"})),
        str(pages.done(f"api/recordings/{key}/score", {"taste": "folder/broken.taste"})),
    ]
    assert "notes.wav is not audio" in replies[1]
    assert "broken.taste" in replies[2]
    for reply in replies:
        assert str(root) not in reply
        assert str(pages.serving.session.own) not in reply


def test_hours_of_sound_are_read_aside_and_given_up_when_it_ends(serve, root: Path) -> None:
    """A WAV of 70 hours that takes no room on the disk: its samples are a hole."""
    path, rate_hz = root / "long.wav", 8_000
    data_bytes = 70 * 3_600 * rate_hz * 2
    soundfile.write(path, np.ones(8_000, np.int16), rate_hz, subtype="PCM_16")
    with path.open("r+b") as stream:
        for at, size in ((4, data_bytes + 36), (40, data_bytes)):
            stream.seek(at)
            stream.write(size.to_bytes(4, "little"))
        stream.truncate(44 + data_bytes)
    pages = serve(root)
    key = pages.open("long.wav")["key"]
    reply = pages.get(f"api/recordings/{key}/peaks?columns=100")
    assert reply.status == 202
    assert 0.0 <= reply.fields["read"] < 1.0
    assert pages.get(f"api/recordings/{key}/listen", Range="bytes=0-99").status == 206  # meanwhile
    recording = pages.serving.session.recording(key)
    recording.close()
    assert recording.peaks(1.0) is None  # given up within a second
    assert recording.read_share < 1.0
