"""Make `tests/data` from recordings with a free licence: ``make_test_data.py DATA_DIR [OUT_DIR]``.

DATA_DIR holds `music/`, `loops/`, `multimic/`, `speech/` and `esc50/`. OUT_DIR gets the same folders with
few, short and mostly mono recordings, `grooves/` (human performances played on the sampled kit, with their
beats), `drums/` (one by six microphones, of which all is known) and CREDITS.md. What the demo is made of is
copied as it is, so that a test can make the demo again, and so is a sentence; all else is cut and encoded
anew. The same data give the same files.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import mido
import numpy as np
import soundfile
import soxr
from make_demo import CLIPS, OGG_SERIAL, PIECES, with_serial
from test_data_credits import credits_of, free_clips

from engine.features.taste.anomaly.planting import Samples
from engine.lab.evaluation.materials.grooves import played
from engine.lab.simulated.performances.displacement import Displacement
from engine.lab.simulated.performances.grooves import read_groove
from engine.lab.simulated.performances.grooves import read_table as read_grooves
from engine.lab.simulated.performances.muldjord import PIECE_OF_STEM, read_muldjord
from engine.lab.simulated.performances.parts import take_through
from engine.lab.simulated.performances.pieces import Piece
from engine.lab.simulated.performances.stored import write_performance
from engine.lab.simulated.recordings import whole

OUT = Path(__file__).resolve().parent.parent / "tests" / "data"
SONG_S = 60.0
LOOP_S = 6.0
KIT_HIT_S = 0.6
EXAMPLE_S = 7.0
GROOVE_S = 28.5
LOW_HZ = 22_050
CLIP_HZ = 16_000
COMPRESSION = 0.9  # libsndfile: 1 is the smallest file
SEED = 7

# Pieces of 100 s and more are for the evaluation of kept examples.
LOWERED = {
    "Kevin_MacLeod_-_P_I_Tchaikovsky_Dance_of_the_Sugar_Plum_Fairy.ogg": 102.0,
    "gm3_Boomboxhead_ContententNumber2.mp3": 30.0,
}
SONG = "gm3_boom_Ripper.mp3"
STYLES = ("EDM-HSE", "HH-TRP", "JAZ-DRM", "POP-ROK", "WRLD-SMB")
LOOPS_OF_A_STYLE = 3
MICROPHONES = ("OHL", "OHR", "KdrumR", "Snare_top")
LAYERS = 2
EXAMPLE = "example_drummer1_session1_1"
DRUM_MICROPHONES = ("KdrumR", "Snare_top", "Hihat", "OHL", "OHR", "AmbL")
DRUMS = "drummer7/session2/37_rock_112_beat_4-4"
DRUMS_S = 6.5
DRUMS_GAIN = 0.22  # softer is a smaller file
DRUMS_NOISE_DB = -96.0
DRUMS_DISPLACED = Displacement(
    jitter_ms=12.0,
    voice_jitter_ms=0.5,
    drift_ms=8.0,
    past_half=0.03,
    faulty_flams=0.12,
    flams=0.2,
    ghosts=0.04,
    missing=0.01,
    doubles=0.01,
)
TAKES = {("drummer1", "rock"): 6, ("drummer8", "funk"): 6}
LEAST_TAKE_S = 90.0
GROOVES = (
    "drummer1/session3/2_jazz-swing_185_beat_4-4",
    "drummer1/session3/1_rock-prog_125_beat_4-4",
    "drummer6/session3/3_rock_100_beat_4-4",
    "drummer7/session2/6_rock_120_beat_4-4",
    "drummer7/session2/103_pop_132_beat_4-4",
    "drummer7/session2/108_soul-motown_104_beat_4-4",
    "drummer8/session1/12_latin_118_beat_4-4",
    "drummer8/session2/15_funk_95_beat_4-4",
)
# How many clips of each fold, beside those of the demo: two draws of twelve dogs, of twelve voices and of
# twelve noises without one in both.
CLIPS_OF_A_FOLD = {
    "dog": 6,
    "crying_baby": 3,
    "sneezing": 3,
    "rain": 5,
}
# Intruders of the field recordings that ESC-10 has no clips of, and what stands in for them.
STAND_INS = ("coughing", "footsteps", "car_horn", "door_wood_knock")
STAND_INS_OF_A_FOLD = 4
FOLDS = ("1", "2", "3", "5")
SENTENCE = "08b22cb8-01d7-449a-923d-1597720742f0"


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the recordings; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, metavar="DATA_DIR")
    parser.add_argument("out", type=Path, metavar="OUT_DIR", nargs="?", default=OUT)
    options = parser.parse_args(arguments)
    for name in ("music", "loops", "multimic", "esc50", "grooves", "drums", "speech"):
        shutil.rmtree(options.out / name, ignore_errors=True)
    copy_demo_pieces(options.data, options.out)
    make_music(options.data / "music", options.out / "music")
    make_loops(options.data / "loops", options.out / "loops")
    make_kit(options.data / "multimic" / "kit_muldjord", options.out / "multimic" / "kit_muldjord")
    make_example(options.data / "multimic" / EXAMPLE, options.out / "multimic" / EXAMPLE)
    copy_takes(options.data / "multimic" / "midi", options.out / "multimic" / "midi")
    make_grooves(options.data / "multimic", options.out / "grooves")
    make_drums(options.data, options.out / "drums")
    copy_sentence(options.data / "speech", options.out / "speech")
    clips = make_clips(options.data / "esc50", options.out / "esc50")
    (options.out / "CREDITS.md").write_text(
        credits_of(clips, options.data / "esc50" / "LICENSE"), encoding="utf-8"
    )
    size = sum(path.stat().st_size for path in options.out.rglob("*") if path.is_file())
    print(f"{size / 1e6:.1f} MB in {options.out}")
    return 0


# Music and loops.


def copy_demo_pieces(data: Path, out: Path) -> None:
    """Copy the pieces of the demo byte for byte."""
    for name in PIECES.values():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(data / name, out / name)


def make_music(data: Path, out: Path) -> None:
    """Write one song in stereo, and others mono at a low rate."""
    audio, rate_hz = whole(data / SONG)
    soundfile.write(out / SONG, audio[: round(SONG_S * rate_hz)], rate_hz, compression_level=COMPRESSION)
    for name, longest_s in LOWERED.items():
        audio, rate_hz = whole(data / name)
        mono = audio[: round(longest_s * rate_hz)].mean(axis=1)
        write_ogg((out / name).with_suffix(".ogg"), lowered(mono, rate_hz), LOW_HZ)


def make_loops(data: Path, out: Path) -> None:
    """Write loops of each style, mono, cut to whole bars of four beats."""
    for style in STYLES:
        (out / style).mkdir(parents=True, exist_ok=True)
        for path in sorted((data / style).glob("*bpm_*.mp3"))[:LOOPS_OF_A_STYLE]:
            audio, rate_hz = whole(path)
            bar_s = 240.0 / float(path.name.partition("bpm")[0])
            length = round(LOOP_S // bar_s * bar_s * rate_hz)
            write_ogg((out / style / path.name).with_suffix(".ogg"), audio[:length].mean(axis=1), rate_hz)


# Drums.


def make_kit(data: Path, out: Path) -> None:
    """Write a few layers of each piece of the kit, cut short, by the microphones that are mixed."""
    out.mkdir(parents=True)
    for hits in hits_of(data).values():
        for hit in [hits[k] for k in np.linspace(0, len(hits) - 1, LAYERS).astype(int)]:
            for microphone in MICROPHONES:
                name = f"{hit}_{microphone}.flac"
                audio, rate_hz = whole(data / name)
                write_flac(out / name, faded(audio[: round(KIT_HIT_S * rate_hz), 0], rate_hz), rate_hz)


def hits_of(kit: Path) -> dict[str, list[str]]:
    """Return the names of the hits of each piece, from the softest to the loudest."""
    hits: dict[str, list[str]] = {}
    for path in sorted(kit.glob(f"*_{MICROPHONES[0]}.flac")):
        hit = path.stem.removesuffix(f"_{MICROPHONES[0]}")
        hits.setdefault(hit.rpartition("_")[0], []).append(hit)
    return hits


def make_example(data: Path, out: Path) -> None:
    """Cut a groove through the kit: its close microphones, its hits and its click."""
    out.mkdir(parents=True)
    hits = read_table(data / "onsets.csv")
    heard = [hit for hit in hits if float(hit["time_s"]) < EXAMPLE_S]
    write_table(out / "onsets.csv", heard)
    clicks = [click for click in read_table(data / "grid.csv") if float(click["time_s"]) < EXAMPLE_S]
    write_table(out / "grid.csv", clicks)
    for microphone in sorted({hit["close_mic"] for hit in heard}):
        audio, rate_hz = whole(data / f"{microphone}.flac")
        write_flac(out / f"{microphone}.flac", audio[: round(EXAMPLE_S * rate_hz), 0], rate_hz)


def copy_takes(data: Path, out: Path) -> None:
    """Copy some long performances of each of three drummers, and their rows of the table."""
    rows, left = [], dict(TAKES)
    for row in read_table(data / "info.csv"):
        taken = (row["drummer"], row["style"].split("/")[0])
        is_long = row["beat_type"] == "beat" and float(row["duration"]) >= LEAST_TAKE_S
        if is_long and left.get(taken, 0):
            left[taken] -= 1
            rows.append(row)
            (out / row["midi_filename"]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(data / row["midi_filename"], out / row["midi_filename"])
    write_table(out / "info.csv", rows)


def make_grooves(multimic: Path, out: Path) -> None:
    """Write performances on the kit, overheads and close microphones apart, and where their beats are."""
    kits = {
        "overheads": read_hits(multimic / "kit_muldjord", ("OHL", "OHR")),
        "close": read_hits(multimic / "kit_muldjord", ("KdrumR", "Snare_top")),
    }
    for groove in GROOVES:
        path = multimic / "midi" / f"{groove}.mid"
        name = groove.rpartition("/")[2].removesuffix("_beat_4-4")
        tracks = {track: played(path, kit, GROOVE_S) for track, kit in kits.items()}
        length = min(len(take.audio) for take in tracks.values())
        loudest = np.abs(sum(take.audio[:length] for take in tracks.values())).max()
        (out / name).mkdir(parents=True)
        for track, take in tracks.items():
            audio = lowered(take.audio[:length] / loudest, take.rate_hz)
            write_ogg(out / name / f"{name}_RAW_{track}.ogg", audio, LOW_HZ)
        beats_s = beats_of(path, length / tracks["close"].rate_hz)
        lines = [f"{time_s:.4f}\t{number % 4 + 1}\n" for number, time_s in enumerate(beats_s) if time_s >= 0]
        (out / name / f"{name}.beats").write_text("".join(lines), encoding="utf-8")


def make_drums(data: Path, out: Path) -> None:
    """Write a performance on the kit by six microphones, with hits off the beat by a known amount."""
    kit = read_muldjord(data, DRUM_MICROPHONES)
    groove = next(file for file in read_grooves(data) if file.name == DRUMS)
    rng = np.random.default_rng(0)
    take = take_through(read_groove(groove), kit, DRUMS_DISPLACED, DRUMS_S, rng)
    softer = replace(take, gains=take.gains * DRUMS_GAIN, noise_db=DRUMS_NOISE_DB)
    write_performance(out / groove.path.stem, softer.rendered())


def read_hits(kit: Path, microphones: Sequence[str]) -> dict[Piece, list[Samples]]:
    """Read the hits of each piece, mixed from some microphones."""
    return {
        PIECE_OF_STEM[stem]: [
            np.mean([whole(kit / f"{hit}_{one}.flac")[0][:, 0] for one in microphones], 0) for hit in hits
        ]
        for stem, hits in hits_of(kit).items()
    }


def beats_of(path: Path, length_s: float) -> Samples:
    """Return the beats as the drummer plays them: the click, as early or late as most of the notes are."""
    file = mido.MidiFile(path)
    tempo = next(one.tempo for track in file.tracks for one in track if one.type == "set_tempo")
    beat_s = tempo / 1e6
    times_s = np.cumsum([message.time for message in file])
    is_note = [message.type == "note_on" and message.velocity > 0 for message in file]
    tatum_s = beat_s / 4
    off_s = (times_s[is_note] + tatum_s / 2) % tatum_s - tatum_s / 2
    return np.arange(0.0, length_s - 0.05, beat_s) + np.median(off_s)


# Clips.


def copy_sentence(data: Path, out: Path) -> None:
    """Copy a sentence that no shipped weights were trained on, and its licence."""
    (out / "commands").mkdir(parents=True)
    for name in ("LICENSE", f"commands/{SENTENCE}.flac"):
        shutil.copyfile(data / name, out / name)


def make_clips(data: Path, out: Path) -> list[str]:
    """Write clips of ESC-10 and what stands in for others; return the names of those of ESC-10."""
    (out / "audio").mkdir(parents=True)
    free = free_clips(data / "LICENSE")
    rows = [row for row in read_table(data / "esc50.csv") if row["esc10"] == "True"]
    demo = {name for names in CLIPS.values() for name in names}
    left = {(name, fold): count for name, count in CLIPS_OF_A_FOLD.items() for fold in FOLDS}
    chosen = []
    for row in sorted(rows, key=lambda row: (Path(row["filename"]).stem not in demo, row["filename"])):
        name, sort = Path(row["filename"]).stem, (row["category"], row["fold"])
        if name in demo or (left.get(sort, 0) > 0 and name.rpartition("-")[0] in free):
            left[sort] = left.get(sort, 0) - 1
            chosen.append(row)
            shutil.copyfile(data / "audio" / row["filename"], out / "audio" / row["filename"])
    chosen.sort(key=lambda row: row["filename"])
    write_table(out / "esc50.csv", [*chosen, *make_stand_ins(out / "audio", chosen[0])])
    return [Path(row["filename"]).stem for row in chosen]


def make_stand_ins(out: Path, like: Mapping[str, str]) -> list[dict[str, str]]:
    """Write sounds of our own for intruders that no free clip is of; return their rows of the table."""
    rng = np.random.default_rng(SEED)
    rows = []
    for category in STAND_INS:
        for fold in FOLDS:
            for number in range(STAND_INS_OF_A_FOLD):
                name = f"{fold}-made-{category}-{number}.flac"
                write_flac(out / name, stand_in(category, rng), CLIP_HZ)
                about = {"filename": name, "fold": fold, "category": category, "esc10": "False"}
                rows.append({**dict.fromkeys(like, ""), **about, "src_file": f"made-{fold}-{number}"})
    return rows


def stand_in(category: str, rng: np.random.Generator) -> Samples:
    """Return half a second: two held notes for a horn, bursts of noise or of a low tone for all else."""
    times_s = np.arange(CLIP_HZ // 2) / CLIP_HZ
    if category == "car_horn":
        notes_hz = rng.uniform(300.0, 450.0) * np.array([1.0, 1.26])
        return faded(0.2 * np.sin(2 * np.pi * times_s[:, None] * notes_hz).sum(axis=1), CLIP_HZ)
    out = np.zeros(len(times_s), np.float32)
    decay_s = {"coughing": 0.06, "footsteps": 0.02, "door_wood_knock": 0.03}[category]
    for at in rng.integers(0, len(out) // 2, 1 if category == "footsteps" else 3):
        since_s = times_s[: len(out) - at]
        tone = np.sin(2 * np.pi * rng.uniform(120.0, 300.0) * since_s)
        noise = rng.standard_normal(len(since_s))
        out[at:] += 0.3 * np.exp(-since_s / decay_s) * (tone if category == "door_wood_knock" else noise / 3)
    return faded(out, CLIP_HZ)


# Files.


def faded(audio: Samples, rate_hz: int) -> Samples:
    """Fade the last 50 ms out."""
    fade = min(len(audio), round(0.05 * rate_hz))
    out = audio.astype(np.float32)
    out[len(out) - fade :] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    return out


def lowered(mono: Samples, rate_hz: int) -> Samples:
    """Bring mono samples to the low rate."""
    return np.asarray(soxr.resample(mono, rate_hz, LOW_HZ, quality="HQ"), np.float32)


def write_ogg(path: Path, mono: Samples, rate_hz: int) -> None:
    """Write Ogg Vorbis, the same bytes each time."""
    peak = max(1.0, float(np.abs(mono).max()))
    with soundfile.SoundFile(
        path, "w", rate_hz, 1, format="OGG", subtype="VORBIS", compression_level=COMPRESSION
    ) as file:
        for start in range(0, len(mono), 1 << 16):  # libsndfile's stack is too small for more at once
            file.write(mono[start : start + (1 << 16)] / peak)
    path.write_bytes(with_serial(path.read_bytes(), OGG_SERIAL))


def write_flac(path: Path, mono: Samples, rate_hz: int) -> None:
    """Write FLAC with 16 bits."""
    soundfile.write(path, mono, rate_hz, "PCM_16", compression_level=1.0)


def read_table(path: Path) -> list[dict[str, str]]:
    """Read a table with a head."""
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def write_table(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    """Write a table with a head."""
    rows = list(rows)
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


if __name__ == "__main__":
    sys.exit(main())
