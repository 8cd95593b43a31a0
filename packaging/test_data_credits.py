"""Whose recordings `tests/data` is made of; `make_test_data.py` writes it down as CREDITS.md."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_CLIP = re.compile(
    r"^- \[(?P<name>\S+)\.ogg\]:\s+clip derived from (?P<title>.*?) \((?P<link>http\S+)\) by (?P<author>.*) "
    r"\[(?P<licence>CC0|CC-BY)\]$",
    re.MULTILINE,
)

_HEAD = """# Credits of the recordings in `tests/data`

The tests listen to these. `packaging/make_test_data.py` made them from the recordings below: most are cut
short, mixed to one channel, lowered in rate and encoded again; the two pieces of the demo are as they came.
Their makers do not endorse Offcut. Whoever passes them on passes these credits on.

| files | made from |
|---|---|
| `music/Karissa_Hobbs_-_Lets_Go_Fishin.ogg` | Let's Go Fishin', unchanged |
| `music/Kevin_MacLeod_-_P_I_Tchaikovsky_Dance_of_the_Sugar_Plum_Fairy.ogg` | Dance of the Sugar Plum Fairy |
| `music/gm3_boom_Ripper.mp3`, `music/gm3_Boomboxhead_ContententNumber2.ogg` | two pieces by gm3 |
| `loops/RGTM-PNO/120bpm_rgtm_pno_id_001_0004.mp3` | RGTM-PNO, unchanged |
| `loops/`, all else | EDM-HSE, HH-TRP, JAZ-DRM, POP-ROK, WRLD-SMB |
| `multimic/kit_muldjord/` | hits of MuldjordKit |
| `multimic/midi/` | performances of the Groove MIDI Dataset, unchanged |
| `multimic/example_drummer1_session1_1/`, `grooves/`, `drums/` | those performances, played on that kit |
| `speech/` | a sentence of Picovoice's benchmark, unchanged |
| `esc50/audio/*-made-*` | sounds made by the script, ours, under Offcut's licence |
| `esc50/`, all else | clips of ESC-10, unchanged, and their rows of its table |
| `CREDITS.md`, `grooves/*/*.beats` | ours, under Offcut's licence |

## Music

- **Let's Go Fishin'** by Karissa Hobbs, from Age of Flowers, licensed under a Creative Commons Attribution
  License: [CC BY 3.0](https://creativecommons.org/licenses/by/3.0/).
  From the Free Music Archive:
  <https://freemusicarchive.org/music/Karissa_Hobbs/Age_of_Flowers/09_Lets_Go_Fishin>
- **P. I. Tchaikovsky: Dance of the Sugar Plum Fairy** by Kevin MacLeod, from Classical Sampler, licensed
  under a Creative Commons Attribution License: [CC BY 3.0](https://creativecommons.org/licenses/by/3.0/).
  From the Free Music Archive:
  <https://freemusicarchive.org/music/Kevin_MacLeod/Classical_Sampler/Dance_of_the_Sugar_Plum_Fairy>
- **Ripper** (gm3 boom) and **Contentent Number 2** (gm3 Boomboxhead), given to the public domain:
  [CC0 1.0](https://creativecommons.org/publicdomain/zero/1.0/).

## Loops

Open Audio Resources for Machine Learning in Music by WaivOps (Patchbanks), each licensed under
[CC BY 4.0](https://creativecommons.org/licenses/by/4.0/):

| set | from |
|---|---|
"""

_LOOPS = {
    "EDM-HSE": "13769544",
    "HH-TRP": "15734094",
    "JAZ-DRM": "15658848",
    "POP-ROK": "14038284",
    "RGTM-PNO": "13335848",
    "WRLD-SMB": "13921290",
}

_DRUMS = """
## Drums

- **MuldjordKit** by Lars Muldjord, mapped for sfz players by kinwie, licensed under
  [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/).
  <https://www.drumgizmo.org/wiki/doku.php?id=kits:muldjordkit>
- **Groove MIDI Dataset** by Jon Gillick, Adam Roberts, Jesse Engel, Douglas Eck and David Bamman (Google),
  "Learning to Groove with Inverse Sequence Transformations", 2019, licensed under
  [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/).
  <https://magenta.tensorflow.org/datasets/groove>

## Voices

From the speech-to-intent benchmark of Picovoice Inc., licensed under [Apache 2.0](speech/LICENSE):
<https://github.com/Picovoice/speech-to-intent-benchmark>

## Clips

From **ESC-10**, the part of ESC-50 (Karol J. Piczak, <https://github.com/karoldvl/ESC-50>,
<https://dx.doi.org/10.7910/DVN/YDEPUT>) that is licensed under
[CC BY 3.0](https://creativecommons.org/licenses/by/3.0/). Each is a clip of:

| clip | derived from | by | its licence |
|---|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class _Clip:
    """A clip of ESC-10 and what it was cut from."""

    title: str
    link: str
    author: str
    licence: str


def credits_of(clips: Sequence[str], licence: Path) -> str:
    """Return CREDITS.md; `clips` are names such as "1-30226-A-0", `licence` is ESC-50's list of sources."""
    free = free_clips(licence)
    loops = "".join(f"| {name} | <https://doi.org/10.5281/zenodo.{doi}> |\n" for name, doi in _LOOPS.items())
    rows = []
    for name in clips:
        clip = free[name.rpartition("-")[0]]
        title = clip.title.replace("|", "-").replace("[", "(").replace("]", ")")
        licence_name = clip.licence.replace("CC-BY", "CC BY")
        rows.append(f"| {name} | [{title}]({clip.link}) | {clip.author} | {licence_name} |\n")
    return _HEAD + loops + _DRUMS + "".join(rows)


def free_clips(licence: Path) -> Mapping[str, _Clip]:
    """Read what each clip was cut from, by names such as "1-30226-A"; only what is CC0 or CC BY itself."""
    found = _CLIP.finditer(licence.read_text(encoding="utf-8"))
    return {one["name"]: _Clip(one["title"], one["link"], one["author"], one["licence"]) for one in found}
