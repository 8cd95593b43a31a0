"""Storage of sections in a document, and their correction by hand."""

from __future__ import annotations

from dataclasses import replace

from engine.core.errors import UsageError
from engine.document.analysis import Analysis
from engine.document.change import Edit
from engine.document.document import analysis_id
from engine.document.edits import set_analyses
from engine.document.listening_ids import mix_inputs
from engine.document.marks.edits import LONGEST_NAME
from engine.document.marks.sections import BY_HAND, SECTIONS, StoredSections
from engine.document.state import DocumentState

NOT_YET = "Sections not found yet. Find them first ‹sections.find›."


def sound_key(state: DocumentState) -> str:
    """Return the key of the analysed mix: sections belong to one mix and stay after its beats are edited."""
    return analysis_id("sound", mix_inputs(state))


def known_sections(state: DocumentState, stored: Analysis | None) -> StoredSections | None:
    """Return the stored sections if they belong to the tracks as they are; else None."""
    if not isinstance(stored, StoredSections) or stored.of_sound != sound_key(state):
        return None
    return stored


def set_sections(
    state: DocumentState, sections: StoredSections, label: str
) -> tuple[Edit, dict[str, Analysis]]:
    """Return the edit that makes sections the current ones, and the analysis it refers to."""
    content = (sections.spans_samples.tolist(), list(sections.labels), sections.confidences.tolist())
    key = analysis_id(SECTIONS, sections.maker, sections.of_sound, *content)
    return set_analyses(state, {SECTIONS: key}, label), {key: sections}


def rename_label(
    state: DocumentState, sections: StoredSections, label: str, name: str
) -> tuple[Edit, dict[str, Analysis]]:
    """Return the edit that gives all sections with a label another one, such as "Chorus".

    Raises
    ------
    UsageError : the name is empty, too long, or unchanged, or no section has the label
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise UsageError(f"A label has 1 to {LONGEST_NAME} characters: give another name.")
    if label not in sections.labels:
        raise UsageError(f"No section has the label {label}.")
    if name == label:
        raise UsageError(f"The label is {label} already.")
    labels = [name if one == label else one for one in sections.labels]
    changed = replace(sections, labels=labels, maker=BY_HAND)
    return set_sections(state, changed, f"Renamed label {label} to {name}")
