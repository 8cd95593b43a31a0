"""Small players of exported projects: they know the formats and nothing of Offcut's renderer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import numpy as np
import opentimelineio as otio
import soundfile
from numpy.typing import NDArray

Sound = NDArray[np.float64]


def _source(path: str | Path, start: int, stop: int) -> Sound:
    """Return samples [start, stop) of a file; silence beyond its ends."""
    heard, _ = soundfile.read(path, dtype="float64", always_2d=True)
    block = np.zeros((stop - start, heard.shape[1]))
    first, last = max(start, 0), min(stop, len(heard))
    if first < last:
        block[first - start : last - start] = heard[first:last]
    return block


def _gains(left: Sound, right: Sound) -> Sound:
    """Return the rising gains of a crossfade as decision 1 has them, shape (n, 1)."""
    power = np.sum(left * left) * np.sum(right * right)
    alike = np.sum(left * right) / np.sqrt(power) if power > 0 else 0.0
    at = (np.arange(len(left)) + 0.5)[:, None] / max(1, len(left))
    return at if alike >= np.sqrt(2.0) - 1.0 else np.sin(at * np.pi / 2)


def play_json(edit_list: Path, channels: int) -> Sound:
    """Play an edit list as `docs/formats/edit-list.md` describes it."""
    content = json.loads(edit_list.read_text("utf-8"))
    sources = {one["id"]: one["path"] for one in content["sources"]}
    soloed = any(track["solo"] for track in content["tracks"])
    result = np.zeros((content["length_samples"], channels))
    for track in content["tracks"]:
        if not track["mute"] and (track["solo"] or not soloed):
            segments = track.get("segments", content["segments"])
            heard = _played(segments, sources, track, content["length_samples"])
            heard = 10 ** (track["gain_db"] / 20) * heard
            if heard.shape[1] == 1:
                heard = np.repeat(heard, channels, axis=1)
            if channels > 1:
                heard[:, 0] *= min(1.0, 1.0 - track["pan"])
                heard[:, 1] *= min(1.0, 1.0 + track["pan"])
            result[:, : heard.shape[1]] += heard
    return result


def _track(sources: dict[str, str], track: dict[str, Any], start: int, stop: int) -> Sound:
    """Return samples [start, stop) of the source timeline as a track has them."""
    own = [_clip(sources, one, start, stop) for one in track["clips"]]
    block = np.zeros((stop - start, max(heard.shape[1] for _, heard in own)))
    for begin, heard in own:
        block[begin : begin + len(heard)] = heard
    for one in track["stretches"]:
        begin, end = max(start, one["start_samples"]), min(stop, one["stop_samples"])
        if begin < end:
            at = one["offset_samples"] - one["start_samples"]
            block[begin - start : end - start] = _source(sources[one["source_id"]], begin + at, end + at)
    return block


def _clip(sources: dict[str, str], one: dict[str, Any], start: int, stop: int) -> tuple[int, Sound]:
    """Return where a clip begins in samples [start, stop) of the source timeline, and its samples there."""
    begin = min(max(start, one["start_samples"]), stop)
    end = max(min(stop, one["start_samples"] + one["length_samples"]), begin)
    at = one["offset_samples"] - one["start_samples"]
    return begin - start, _source(sources[one["source_id"]], begin + at, end + at)


def _played(
    segments: list[dict[str, Any]], sources: dict[str, str], track: dict[str, Any], length: int
) -> Sound:
    pieces = [_track(sources, track, one["start_samples"], one["stop_samples"]) for one in segments]
    width = pieces[0].shape[1] if pieces else 1
    result = np.zeros((length, width))
    for number, (one, piece) in enumerate(zip(segments, pieces, strict=True)):
        shaped, fade_in, fade_out = piece.copy(), one["fade_in_samples"], one["fade_out_samples"]
        if fade_in:
            before = pieces[number - 1][-fade_in:] if number else np.zeros((fade_in, width))
            shaped[:fade_in] *= _gains(before, piece[:fade_in])
        if fade_out:
            last = number == len(segments) - 1
            after = np.zeros((fade_out, width)) if last else pieces[number + 1][:fade_out]
            shaped[-fade_out:] *= _gains(piece[-fade_out:], after)[::-1]
        at = one["result_start_samples"]
        result[at : at + len(shaped)] += shaped[: max(0, length - at)]  # beyond, the track is silent
    return result


def play_otio(path: Path, channels: int, length: int) -> Sound:
    """Play a timeline whose clips abut, by the samples in its metadata, since positions are whole frames.

    Its transitions say no curve, so it is for hard edges.
    """
    timeline = otio.adapters.read_from_file(str(path))
    result = np.zeros((length, channels))
    for track in timeline.tracks:
        for clip in track.find_clips() if track.enabled else ():
            media = unquote(urlparse(clip.media_reference.target_url).path)
            exact = clip.metadata["offcut"]
            at, start, count = (exact[f"{name}_samples"] for name in ("result_start", "start", "length"))
            heard = _source(media, start, start + count)
            heard = 10 ** (track.metadata["offcut"]["gain_db"] / 20) * heard
            if heard.shape[1] == 1:
                heard = np.repeat(heard, channels, axis=1)
            result[at : at + len(heard), : heard.shape[1]] += heard
    return result
