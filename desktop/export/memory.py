"""The last export of each document: formats and options, but no range and no name."""

from __future__ import annotations

from contextlib import suppress

from desktop.shell.user_settings.per_document import PerDocument
from engine.exchange.export.formats import FORMATS
from engine.exchange.export.placing.frame_rates import FrameRate
from engine.exchange.export.request import LONGEST_FADE_S, RATES_HZ, Depth, ExportOptions
from engine.sound.codecs import Quality
from engine.sound.dither import Dither
from widgets.forms.export.choice import ExportChoice

_SECTION = "export"


def remember(document: PerDocument, choice: ExportChoice) -> None:
    """Store a choice. Removed audio is exported once and on purpose, so that is not stored."""
    options = choice.options
    kept = {
        "formats": " ".join(choice.suffixes),
        "stems": str(int(options.stems)),
        "regions": str(int(options.regions)),
        "quality": options.quality.value,
        "fade_in_s": f"{options.fade_in_s:g}",
        "fade_out_s": f"{options.fade_out_s:g}",
        "loudness_lufs": "" if options.loudness_lufs is None else f"{options.loudness_lufs:g}",
        "rate_hz": "" if options.rate_hz is None else str(options.rate_hz),
        "depth": "" if options.depth is None else options.depth.value,
        "dither": "" if options.dither is None else options.dither.value,
        "broadcast": str(int(options.broadcast)),
        "collect": str(int(options.collect)),
        "frame_rate": "" if options.frame_rate is None else options.frame_rate.value,
    }
    document.write(_SECTION, kept)


def recall(document: PerDocument, folder: str, name: str, *, has_regions: bool = True) -> ExportChoice:
    """Return the last choice in a document; an unreadable value counts as never chosen.

    Parameters
    ----------
    has_regions : whether the document has regions; required for one file per region
    """
    last = document.read(_SECTION)

    def stored(key: str) -> str:
        return str(last.get(key, ""))

    known = list(FORMATS)
    formats = tuple(suffix for suffix in known if suffix in stored("formats").split())
    rate_hz = depth = dither = loudness_lufs = frame_rate = None
    quality = ExportOptions().quality
    fades_s = {"fade_in_s": 0.0, "fade_out_s": 0.0}
    with suppress(ValueError):
        rate_hz = RATES_HZ[RATES_HZ.index(int(stored("rate_hz")))]
    with suppress(ValueError):
        depth = Depth(stored("depth"))
    with suppress(ValueError):
        dither = Dither(stored("dither"))
    with suppress(ValueError):
        frame_rate = FrameRate(stored("frame_rate"))
    with suppress(ValueError):
        quality = Quality(stored("quality"))
    for end in fades_s:
        with suppress(ValueError):
            found = float(stored(end))
            fades_s[end] = found if 0 <= found <= LONGEST_FADE_S else 0.0
    with suppress(ValueError):
        found = float(stored("loudness_lufs"))
        loudness_lufs = found if -70 < found <= 0 else None
    options = ExportOptions(
        stems=stored("stems") == "1",
        regions=has_regions and stored("regions") == "1",
        loudness_lufs=loudness_lufs,
        rate_hz=rate_hz,
        depth=depth,
        dither=dither,
        quality=quality,
        fade_in_s=fades_s["fade_in_s"],
        fade_out_s=fades_s["fade_out_s"],
        broadcast=stored("broadcast") != "0",
        collect=stored("collect") == "1",
        frame_rate=frame_rate,
    )
    return ExportChoice(folder, name, formats or (".wav",), options)
