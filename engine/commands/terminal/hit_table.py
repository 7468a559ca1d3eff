"""Search hits as a text table."""

from __future__ import annotations

from collections.abc import Sequence

from engine.commands.terminal.console import plain, table
from engine.records import SearchHit

_HEAD = ("rank", "verdict", "probability", "path", "box")


def lines(hits: Sequence[SearchHit], query: str, *, explain: bool = False) -> list[str]:
    """A head and one line for each hit, or a single line if there is no hit.

    Boxes are x0,y0-x1,y1 in pixels of the upright photo.

    Args:
        explain: say for each hit what of the query it has, as a last column.
    """
    if not hits:
        return [f"No photo seems to show {plain(query)!r}."]
    rows: list[tuple[str, ...]] = [(*_HEAD, "why") if explain else _HEAD]
    for rank, hit in enumerate(hits, start=1):
        probability = "" if hit.probability is None else f"{hit.probability:.2f}"
        box = "whole photo" if hit.outlined else "not outlined yet"
        if hit.region is not None:
            x0, y0, x1, y1 = (round(side) for side in hit.region.box_xyxy.as_tuple())
            box = f"{x0},{y0}-{x1},{y1}"
        row = (str(rank), hit.verdict.value, probability, str(hit.photo.path), box)
        rows.append((*row, plain(hit.reason)) if explain else row)
    return table(rows, right=frozenset({0, 2}))
