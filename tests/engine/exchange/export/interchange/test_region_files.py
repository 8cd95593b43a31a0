"""One file for each region: what remains of it, named and numbered in the order of the result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.core.errors import ExportError
from engine.document.state import Marker
from engine.exchange.export import ExportOptions, ExportRequest, export, files_written
from engine.exchange.export.audio_plan import planned_regions, unheard_sentence
from engine.exchange.export.formats import AUDIO_SUFFIXES
from engine.exchange.export.plan import check, plan
from engine.exchange.export.request import Exported
from engine.sound.edl.build import build
from engine.sound.edl.render import render
from tests.engine.sound.edl.recordings import Recording, by_hand, recording, timeline_state, with_cuts

FRAMES = 120_000
CUTS = ((20_000, 30_000), (50_000, 60_000), (90_000, 95_000))
REGIONS = (
    (40_000, 70_000, "Second/song"),  # a cut inside
    (0, 25_000, "First"),  # ends in a cut
    (51_000, 59_000, "Gone"),
    (96_000, 120_000, "Last"),
    (65_000, 92_000, "Second/song"),  # overlaps the other of its name
)
SPANS = ((0, 20_000), (30_000, 50_000), (45_000, 70_000), (71_000, 95_000))  # in the result


def marked(state: object, *regions: tuple[int, int, str]) -> object:
    markers = {f"m{n}": Marker(f"m{n}", *region) for n, region in enumerate(regions)}
    return replace(state, markers=markers)


@pytest.fixture
def jam(tmp_path: Path) -> Recording:
    """Two tracks, three cuts, four regions of which something is heard, and a marker."""
    rng = np.random.default_rng(5)
    recorded = recording(tmp_path, [rng.uniform(-0.2, 0.2, (FRAMES, 2)), rng.uniform(-0.2, 0.2, FRAMES)])
    tracks = tuple(replace(t, name=n) for t, n in zip(recorded.state.tracks, ("Bass", "Drums"), strict=True))
    state = with_cuts(replace(recorded.state, tracks=tracks), *CUTS)
    state = marked(state, *REGIONS, (500, 500, "Only a marker"))
    return Recording(state, recorded.media)


Make = Callable[..., ExportRequest]


@pytest.fixture
def request_of(jam: Recording, tmp_path: Path) -> Make:
    def make(suffix: str = ".wav", state: object = None, **options: object) -> ExportRequest:
        (tmp_path / "out").mkdir(exist_ok=True)
        out = tmp_path / "out" / f"jam{suffix}"
        asked = ExportOptions(**{"regions": True, **options})
        return ExportRequest(state or jam.state, jam.media, out, True, "Probe", asked)

    return make


def heard(done: Exported) -> Sequence[np.ndarray]:
    return [soundfile.read(part.path, dtype="float32", always_2d=True)[0] for part in done.parts]


def mix(jam: Recording) -> np.ndarray:
    edit_list = build(jam.state)
    return render(jam.state, edit_list, jam.media, 0, edit_list.length_samples)


def test_each_file_is_a_slice_of_the_result(jam: Recording, request_of: Make, tmp_path: Path) -> None:
    done = export(request_of())
    assert [part.path.name for part in done.parts] == [
        "jam 01 First.wav",
        "jam 02 Second-song.wav",
        "jam 03 Second-song.wav",
        "jam 04 Last.wav",
    ]
    whole = mix(jam)
    for samples, span in zip(heard(done), SPANS, strict=True):
        np.testing.assert_array_equal(samples, whole[slice(*span)])
    assert "The result contains nothing of Gone: no file was written for it." in done.sentence
    assert done.sentence.startswith("Exported 4 files, 0:11.1 in all, jam 01 First.wav to jam 04 Last.wav.")
    assert done.figures["length_s"] == 89_000 / 8_000
    assert "Gone" in done.parts[-1].sentence
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [p.path.name for p in done.parts]


def test_the_plan_names_them_with_their_lengths(request_of: Make) -> None:
    planned = plan(request_of())
    assert [file.length_s for file in planned] == [(stop - start) / 8_000 for start, stop in SPANS]
    assert tuple(file.path for file in planned) == files_written(request_of())
    check([request_of(), request_of(".mp3")])


@pytest.mark.parametrize("suffix", AUDIO_SUFFIXES)
def test_every_audio_format_has_regions(request_of: Make, suffix: str) -> None:
    done = export(request_of(suffix))
    assert len(done.parts) == 4
    for part, (start, stop) in zip(done.parts, SPANS, strict=True):
        assert soundfile.info(part.path).frames == stop - start
    if suffix in (".mp3", ".ogg", ".opus"):
        with soundfile.SoundFile(done.parts[1].path) as file:
            assert (file.title, file.album, file.tracknumber) == ("Second/song", "Probe", "2")


def test_stems_of_regions(jam: Recording, request_of: Make) -> None:
    done = export(request_of(stems=True))
    assert [part.path.name for part in done.parts][:3] == [
        "jam 01 First 01 Bass.wav",
        "jam 01 First 02 Drums.wav",
        "jam 02 Second-song 01 Bass.wav",
    ]
    stems = heard(done)
    np.testing.assert_array_equal(stems[0] + stems[1], mix(jam)[slice(*SPANS[0])])
    with soundfile.SoundFile(export(request_of(".ogg", stems=True)).parts[1].path) as file:
        assert file.title == "First, Drums"


def test_a_range_leaves_out_what_lies_beside_it(request_of: Make) -> None:
    done = export(request_of(range_samples=(10_000, 48_000)))
    assert [part.path.name for part in done.parts] == [
        "jam 01 First.wav",
        "jam 02 Second-song.wav",
        "jam 03 Second-song.wav",
    ]
    assert [len(samples) for samples in heard(done)] == [10_000, 18_000, 3_000]
    with pytest.raises(ExportError, match="the result contains no region"):
        plan(request_of(range_samples=(25_000, 26_000)))


def test_a_region_that_is_heard_twice_is_there_twice(jam: Recording, request_of: Make) -> None:
    state = by_hand(replace(jam.state, proposals={}, decisions={}), "repeat", (0, 10_000), {"times": 2})
    state = marked(state, (0, 10_000, "Riff"))
    done = export(request_of(state=state))
    names = [part.path.name for part in done.parts]
    assert names == [f"jam {number:02d} Riff.wav" for number in range(1, len(names) + 1)]
    assert len(names) > 1
    assert [len(samples) for samples in heard(done)] == [10_000] * len(names)


def test_what_was_removed_of_regions(request_of: Make) -> None:
    done = export(request_of(removed=True))
    assert [len(samples) for samples in heard(done)] == [5_000, 10_000, 8_000, 2_000]


@pytest.mark.parametrize(
    ("regions", "words"),
    [
        ((), "no region is named: name a span first"),
        (((500, 500, "A marker"),), "no region is named"),
        (((51_000, 59_000, "Gone"), (20_000, 30_000, "Too")), "the result contains no region"),
    ],
)
def test_without_regions_nothing_is_written(
    jam: Recording, request_of: Make, tmp_path: Path, regions: tuple[tuple[int, int, str], ...], words: str
) -> None:
    request = request_of(state=marked(jam.state, *regions))
    for act in (export, plan, lambda asked: check([asked])):
        with pytest.raises(ExportError, match=words):
            act(request)
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    ("name", "file_name"),
    [
        ("", "jam 01.wav"),
        ("  ", "jam 01.wav"),
        ("..", "jam 01.wav"),
        ("../../etc/passwd", "jam 01 ..-..-etc-passwd.wav"),
        ('C:\\con:<a>|?*"', "jam 01 C--con--a-----.wav"),
        ("one\ntwo\x00\x1bthree", "jam 01 one two three.wav"),
        ("x" * 200, f"jam 01 {'x' * 60}.wav"),
        ("Lied 🎺 №1", "jam 01 Lied 🎺 №1.wav"),
    ],
)
def test_any_name_becomes_a_file(jam: Recording, request_of: Make, name: str, file_name: str) -> None:
    state = marked(jam.state, (0, 5_000, name))
    for suffix in (".wav", ".mp3"):
        (part,) = export(request_of(suffix, state=state)).parts
        assert part.path.name == file_name.replace(".wav", suffix)
        assert soundfile.info(part.path).frames == 5_000


def test_a_hundred_regions_stay_in_order(jam: Recording, request_of: Make) -> None:
    state = marked(jam.state, *((100 * n, 100 * n + 50, "Take") for n in range(120)))
    names = [path.name for path in files_written(request_of(state=state))]
    assert names[0] == "jam 001 Take.wav"
    assert names == sorted(names)


def test_a_region_of_one_sample(jam: Recording, request_of: Make) -> None:
    state = marked(jam.state, (29_999, 30_001, "Edge"))  # one sample is cut, one is left
    for suffix in AUDIO_SUFFIXES:
        (part,) = export(request_of(suffix, state=state)).parts
        assert soundfile.info(part.path).frames == 1


def test_one_that_cannot_be_written_takes_the_others_with_it(request_of: Make, tmp_path: Path) -> None:
    request = replace(request_of(), overwrite=False)
    (tmp_path / "out" / "jam 03 Second-song.wav").write_bytes(b"precious")
    with pytest.raises(ExportError, match="already exists"):
        export(request)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["jam 03 Second-song.wav"]


def test_a_recording_is_never_written_over(jam: Recording, request_of: Make) -> None:
    request = request_of()
    path = jam.media["s1"].rename(request.out.parent / "jam 01 First.wav")
    before = path.read_bytes()
    with pytest.raises(ExportError, match="never written over"):
        export(replace(request, media={**jam.media, "s1": path}))
    assert path.read_bytes() == before


def test_cue_points_count_from_the_start_of_each_file(request_of: Make) -> None:
    done = export(request_of())
    raw = done.parts[1].path.read_bytes()
    at = raw.index(b"cue ") + 8
    count = int.from_bytes(raw[at : at + 4], "little")
    places = [int.from_bytes(raw[at + 8 + 24 * n : at + 12 + 24 * n], "little") for n in range(count)]
    # the region itself, the cut in it, and the region that overlaps it
    assert places == [0, 10_000, 15_000]


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ((0, 1_000), [(100, 200), (200, 300)]),
        ((200, 1_000), [(200, 300)]),
        ((199, 1_000), [(199, 200), (200, 300)]),
        ((0, 200), [(100, 200)]),
        ((0, 201), [(100, 200), (200, 201)]),
        ((150, 250), [(150, 200), (200, 250)]),
    ],
)
def test_of_a_range_there_are_files_of_what_has_a_sample_in_it(
    tmp_path: Path, span: tuple[int, int], expected: list[tuple[int, int]]
) -> None:
    state = marked(timeline_state(1_000), (200, 300, "b"), (100, 200, "a"))
    request = ExportRequest(state, {}, tmp_path / "out.wav", options=ExportOptions(regions=True))
    assert [one.span for one in planned_regions(request, request.edit_list, span)] == expected


@pytest.mark.parametrize(
    ("gone", "names"),
    [
        (1, "n0"),
        (2, "n0 and n1"),
        (5, "n0, n1, n2, n3 and n4"),
        (6, "n0, n1, n2, n3 and 2 more"),
        (9, "n0, n1, n2, n3 and 5 more"),
    ],
)
def test_regions_without_a_file_are_named_up_to_five(tmp_path: Path, gone: int, names: str) -> None:
    spans = [(100 + number, 110 + number, f"n{number}") for number in range(gone)]
    state = marked(with_cuts(timeline_state(1_000), (100, 200), crossfade_ms=0.0), (0, 50, "Heard"), *spans)
    request = ExportRequest(state, {}, tmp_path / "out.wav", options=ExportOptions(regions=True))
    expected = f"The result contains nothing of {names}: no file was written for it."
    assert unheard_sentence(request, request.edit_list) == expected
    unnamed = marked(state, (100, 150, ""))
    assert "The result contains nothing of a region without a name" in unheard_sentence(
        replace(request, state=unnamed), request.edit_list
    )
    heard_alone = marked(state, (0, 101, "Heard"))
    assert unheard_sentence(replace(request, state=heard_alone), request.edit_list) == ""


def test_long_names_of_emoji_are_shortened(jam: Recording, request_of: Make) -> None:
    family = "👨‍👩‍👧‍👦"
    state = marked(jam.state, (0, 20_000, family * 60), (96_000, 120_000, "🥁" * 300))
    request = request_of(state=state, stems=True)
    export(request)
    written = sorted(path.name for path in request.out.parent.iterdir())
    assert len(written) == 4
    assert written[0].startswith(f"jam 01 {family}")
    assert all(len(name.encode()) <= 255 for name in written)
