"""Draw the parts of the program and who imports whom: ``draw_architecture.py [OUT.svg]``.

Read off the source, never by hand. An arrow that follows from others is left out (transitive reduction):
what is drawn is the least from which all else follows.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from graphlib import TopologicalSorter
from html import escape
from pathlib import Path

import grimp
from photographer import PICTURES

ROOTS = ("desktop", "widgets", "engine")
BOX_WIDTH, BOX_HEIGHT, GAP_X, GAP_Y, MARGIN = 112, 32, 14, 46, 20

Arrows = Mapping[str, frozenset[str]]


def arrows_of(graph: grimp.ImportGraph) -> Arrows:
    """Return which parts each part imports."""
    found: dict[str, set[str]] = {}
    for module in graph.modules - {"engine"}:
        importer = part_of(graph, module)
        known = found.setdefault(importer, set())
        known |= {part_of(graph, one) for one in graph.find_modules_directly_imported_by(module)} - {importer}
    return {part: frozenset(known) for part, known in found.items()}


def part_of(graph: grimp.ImportGraph, module: str) -> str:
    """Return the part that a module is of: a folder of the engine, a feature, the widgets or the desktop."""
    names = module.split(".")
    if names[0] != "engine":
        return names[0]
    if names[1] == "features":
        is_one = len(names) > 2 and graph.find_children(".".join(names[:3]))
        return names[2] if is_one else "registry"
    return names[1]


def reduced(arrows: Arrows) -> Arrows:
    """Return the arrows that follow from no others."""
    below: dict[str, frozenset[str]] = {}
    for part in TopologicalSorter(arrows).static_order():
        below[part] = frozenset().union(*(below[one] | {one} for one in arrows[part]))
    return {
        part: frozenset(one for one in known if not any(one in below[other] for other in known))
        for part, known in arrows.items()
    }


def levels_of(arrows: Arrows) -> list[list[str]]:
    """Return the parts by how many lie below them at most, the lowest first, near what they import."""
    height: dict[str, int] = {}
    for part in TopologicalSorter(arrows).static_order():
        height[part] = max((height[one] + 1 for one in arrows[part]), default=0)
    levels: list[list[str]] = [[] for _ in range(max(height.values()) + 1)]
    for part in sorted(height):
        levels[height[part]].append(part)
    place = dict.fromkeys(height, 0.0)
    for level in levels:
        level.sort(key=lambda part: sum(place[one] for one in arrows[part]) / max(1, len(arrows[part])))
        for at, part in enumerate(level):
            place[part] = (at + 1) / (len(level) + 1)
    return levels


def svg(graph: grimp.ImportGraph) -> str:
    """Return the picture."""
    arrows = reduced(arrows_of(graph))
    levels = levels_of(arrows)
    widest = max(map(len, levels))
    width = 2 * MARGIN + widest * (BOX_WIDTH + GAP_X) - GAP_X
    height = 2 * MARGIN + len(levels) * (BOX_HEIGHT + GAP_Y) - GAP_Y
    at = {
        part: (
            (width - len(level) * (BOX_WIDTH + GAP_X) + GAP_X) / 2 + place * (BOX_WIDTH + GAP_X),
            height - MARGIN - BOX_HEIGHT - number * (BOX_HEIGHT + GAP_Y),
        )
        for number, level in enumerate(levels)
        for place, part in enumerate(level)
    }
    lines = [
        f'<path d="M{at[part][0] + BOX_WIDTH / 2:.0f} {at[part][1] + BOX_HEIGHT:.0f} '
        f'L{at[one][0] + BOX_WIDTH / 2:.0f} {at[one][1]:.0f}" marker-end="url(#tip)"/>'
        for part in sorted(arrows)
        for one in sorted(arrows[part])
    ]
    boxes = [_box(part, *at[part]) for part in sorted(at)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
            f'height="{height}" font-family="Inter, sans-serif" text-anchor="middle">',
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" '
            'orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#8a939c"/></marker></defs>',
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
            '<g fill="none" stroke="#8a939c" stroke-width="1">',
            *lines,
            "</g>",
            *boxes,
            "</svg>\n",
        ]
    )


def _box(part: str, left: float, top: float) -> str:
    middle, base = left + BOX_WIDTH / 2, top + BOX_HEIGHT / 2 + 5
    return (
        f'<rect x="{left:.0f}" y="{top:.0f}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="6" fill="#eef3f1" '
        f'stroke="#4f9468"/><text x="{middle:.0f}" y="{base:.0f}" font-size="14" fill="#1b2023">'
        f"{escape(part)}</text>"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw it; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, nargs="?", default=PICTURES / "architecture.svg", metavar="OUT.svg")
    options = parser.parse_args(arguments)
    options.out.write_text(svg(grimp.build_graph(*ROOTS)), "utf-8")
    print(f"{options.out.name}: {options.out.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
