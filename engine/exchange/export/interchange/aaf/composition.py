"""An Advanced Authoring Format file that links to the sources: cuts and crossfades for Pro Tools and others.

The edit rate is the document's sample rate, so positions are exact. Each clip leads through a master mob and
a file mob to the file. Ids are derived from the content, and dates are fixed: the same edit gives the same
bytes.

A WAV file is described as WAV, with its own header: Pro Tools takes a file declared only as PCM for MXF. The
composition begins with a timecode, which Pro Tools wants as well.
"""

from __future__ import annotations

import struct
from datetime import datetime
from fractions import Fraction
from hashlib import blake2b
from math import ceil, floor
from pathlib import Path
from typing import Any

import aaf2
from aaf2.auid import AUID
from aaf2.mobid import MobID
from aaf2.rational import AAFRational

from engine.core.files.safe_write import replacing
from engine.core.files.xml_text import xml_text
from engine.core.progress import Progress
from engine.document.tracks.track import Source, audible
from engine.exchange.export.interchange.aaf.components import write_laid
from engine.exchange.export.interchange.aaf.effects import SOUND
from engine.exchange.export.interchange.aaf.tracks import Tracks
from engine.exchange.export.placing.source_files import drops_frames, source_begin_s, source_path
from engine.exchange.export.request import Exported, ExportRequest, written_project
from engine.sound.edl.edit_list import EditList
from engine.sound.writer import bits_of, export_format

_DATE = datetime(2000, 1, 1)
_DAY_S = 86_400
_MOST_BYTES = 2**32 - 1
_TABLES, _FREE, _END_OF_CHAIN = slice(68, 72), b"\xff\xff\xff\xff", b"\xfe\xff\xff\xff"
_WAVE = ("WAV", "WAVEX", "RF64")
_FORMAT_TAGS = {"PCM_U8": 1, "PCM_16": 1, "PCM_24": 1, "PCM_32": 1, "FLOAT": 3, "DOUBLE": 3}


def write(request: ExportRequest, progress: Progress) -> Exported:
    """Write the composition; the sources are named, not opened."""
    progress.check_cancelled()
    content = _Writer(request, progress).content()
    with replacing(request.out, overwrite=request.overwrite) as part:
        part.write_bytes(content)
    progress.report(1.0, "Writing the composition")
    return written_project(request, len(audible(request.state.tracks)))


class _Writer:
    """Builds one file in memory: a library that fails half-way through a full disk leaves nothing behind."""

    def __init__(self, request: ExportRequest, progress: Progress) -> None:
        self._request = request
        self._progress = progress
        self._edit_list: EditList = request.edit_list
        self._file = aaf2.open()
        self._masters: dict[str, Any] = {}

    def content(self) -> bytes:
        """Return the bytes of the file."""
        state = self._request.state
        self._fix_identification()
        for source in self._request.sources.values():
            self._masters[source.id] = self._master(source)
        composition = self._mob(self._file.create.CompositionMob, self._request.title, "composition")
        composition.usage = "Usage_TopLevel"
        length_s = Fraction(self._edit_list.length_samples, max(1, self._edit_list.rate_hz))
        self._add_timecode(composition, length_s)
        tracks, heard = Tracks(self._request, self._file, self._masters), audible(state.tracks)
        for number, track in enumerate(heard):
            tracks.add(composition, track, self._progress.part(0.0, 0.6).step(number, len(heard)))
        self._save()
        return _compound(self._file.f.getvalue(), self._file.cfb.sector_size)

    def _save(self) -> None:
        """Write every object out, as the library does when it closes a file, but so that it can be cancelled.

        Closing the file would discard the objects in memory.
        """
        self._file.write_reference_properties()
        manager = self._file.manager
        for number, changed in enumerate(manager.modified.values()):
            self._progress.check_cancelled()
            if not write_laid(changed):
                changed.write_properties()
            self._progress.report(0.6 + 0.4 * number / len(manager.modified), "Writing the composition")
        manager.modified.clear()
        manager.remove_temp()
        self._file.cfb.close()

    def _fix_identification(self) -> None:
        header = self._file.header
        header["LastModified"].value = _DATE
        for identification in header["IdentificationList"].value:
            identification["ProductName"].value = "Offcut"
            identification["CompanyName"].value = "Offcut"
            identification["Date"].value = _DATE
            identification["GenerationAUID"].value = _auid("generation", self._request.title)

    def _mob(self, make: Any, name: str, *key: str) -> Any:
        """Return a mob with an id derived from its content."""
        mob = make(xml_text(name))
        identity = MobID.new()
        identity.material = _auid(*key, name)
        mob.mob_id = identity
        mob["CreationTime"].value = mob["LastModified"].value = _DATE
        self._file.content.mobs.append(mob)
        return mob

    def _master(self, source: Source) -> Any:
        """Return the master mob of a source, with one slot a channel that leads to its file."""
        path = source_path(source, self._request.named_media)
        file_mob = self._mob(self._file.create.SourceMob, path.name, "file", source.id)
        file_mob.descriptor = self._descriptor(source, path.as_uri())
        tape = self._tape(source, path)
        begin = floor(source_begin_s(source, self._request.named_media) * source.rate_hz + Fraction(1, 2))
        master = self._mob(self._file.create.MasterMob, path.name, "master", source.id)
        for channel in range(1, source.channels + 1):
            in_file = file_mob.create_timeline_slot(source.rate_hz, channel)
            in_file.segment = tape.create_source_clip(channel, begin, source.frames, SOUND)
            in_file["PhysicalTrackNumber"].value = channel
            slot = master.create_timeline_slot(source.rate_hz, channel)
            slot.segment = file_mob.create_source_clip(channel, 0, source.frames, SOUND)
            slot["PhysicalTrackNumber"].value = channel
        return master

    def _tape(self, source: Source, path: Path) -> Any:
        """Return the mob of the original tape: one day of each channel, with timecode from midnight."""
        tape = self._mob(self._file.create.SourceMob, path.stem, "tape", source.id)
        tape.descriptor = self._file.create.TapeDescriptor()
        for channel in range(1, source.channels + 1):
            slot = tape.create_empty_slot(source.rate_hz, SOUND, channel)
            slot.segment.length = _DAY_S * source.rate_hz
            slot["PhysicalTrackNumber"].value = channel
        is_dropping = drops_frames(source, self._request.named_media, self._request.frame_rate.exact)
        self._add_timecode(tape, Fraction(_DAY_S), is_dropping=is_dropping)
        return tape

    def _descriptor(self, source: Source, url: str) -> Any:
        if source.container in _WAVE and source.subtype in _FORMAT_TAGS:
            descriptor = self._file.create.WAVEDescriptor()
            descriptor["Summary"].value = bytearray(_wave_head(source))
            descriptor["ContainerFormat"].value = self._file.dictionary.lookup_containerdef("AAF")
            values = {"SampleRate": source.rate_hz, "Length": source.frames}
        else:
            descriptor = self._file.create.PCMDescriptor()
            values = _pcm_values(source)
        for name, value in values.items():
            descriptor[name].value = value
        locator = self._file.create.NetworkLocator()
        locator["URLString"].value = url
        descriptor["Locator"].append(locator)
        return descriptor

    def _add_timecode(self, mob: Any, length_s: Fraction, *, is_dropping: bool = False) -> None:
        """Count from nothing, at the frame rate of the export."""
        rate = self._request.frame_rate
        exact = rate.exact
        slot = mob.create_timeline_slot(AAFRational(exact.numerator, exact.denominator))
        timecode = self._file.create.Timecode(rate.nominal, drop=is_dropping)
        timecode.start = 0
        timecode.length = max(1, ceil(length_s * exact))
        slot.segment = timecode
        slot.name = "Timecode"


def _compound(content: bytes, sector_bytes: int) -> bytes:
    """Return a compound file that strict readers accept, such as LibAAF in Ardour.

    pyaaf2 leaves the last sector short and, without a table of tables, marks its sector as free.
    """
    whole = bytearray(content + bytes(-len(content) % sector_bytes))
    if whole[_TABLES] == _FREE:
        whole[_TABLES] = _END_OF_CHAIN
    return bytes(whole)


def _pcm_values(source: Source) -> dict[str, int]:
    bits = bits_of(export_format([source.subtype], ".wav"))
    block = source.channels * bits // 8
    return {
        "SampleRate": source.rate_hz,
        "AudioSamplingRate": source.rate_hz,
        "Channels": source.channels,
        "QuantizationBits": bits,
        "BlockAlign": block,
        "AverageBPS": block * source.rate_hz,
        "Length": source.frames,
    }


def _wave_head(source: Source) -> bytes:
    """Return the beginning of a WAV file of this format, up to its samples: so AAF describes one.

    LibAAF, with which Ardour reads, looks for the samples behind the format, and crashes where the head ends.
    """
    bits, block = bits_of(source.subtype), source.channels * bits_of(source.subtype) // 8
    length = source.frames * block
    size, length = min(_MOST_BYTES, 36 + length), min(_MOST_BYTES, length)
    format_chunk = struct.pack(
        "<HHIIHH",
        _FORMAT_TAGS[source.subtype],
        source.channels,
        source.rate_hz,
        source.rate_hz * block,
        block,
        bits,
    )
    head = struct.pack("<4sI4s4sI", b"RIFF", size, b"WAVE", b"fmt ", len(format_chunk))
    return head + format_chunk + struct.pack("<4sI", b"data", length)


def _auid(*key: str) -> AUID:
    """Return an id that is the same for the same key."""
    digest = blake2b("\0".join(key).encode("utf-8", "replace"), digest_size=16).digest()
    return AUID(bytes_le=digest)
