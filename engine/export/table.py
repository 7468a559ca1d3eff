"""Hits as a CSV table for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from engine.export import metadata_fields
from engine.records import PhotoId, PhotoMetadata, SearchHit

COLUMNS = (
    "rank",
    "path",
    "query",
    "score",
    "verdict",
    "probability",
    "reason",
    "box_x0",
    "box_y0",
    "box_x1",
    "box_y1",
    "photo_width",
    "photo_height",
    *metadata_fields.NAMES,
)
_NUMBERS = frozenset({"latitude", "longitude", "altitude_m", "rating"})
"""Fields whose sign is no formula."""
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def make_table(
    hits: Sequence[SearchHit],
    query: str,
    metadata: Mapping[PhotoId, PhotoMetadata] = MappingProxyType({}),
) -> bytes:
    """CSV in UTF-8 with a byte order mark, without which spreadsheets garble names."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for rank, hit in enumerate(hits, start=1):
        box: tuple[str, ...] = ("", "", "", "")
        if hit.region is not None:
            box = tuple(f"{side:.1f}" for side in hit.region.box_xyxy.as_tuple())
        writer.writerow(
            (
                rank,
                inert(str(hit.photo.path)),
                inert(query),
                f"{hit.score:.6g}",
                hit.verdict.value,
                "" if hit.probability is None else f"{hit.probability:.4f}",
                inert(hit.reason),
                *box,
                *hit.photo.size_wh,
                *_metadata_cells(metadata.get(hit.photo.id, PhotoMetadata())),
            )
        )
    # A file name on disk need not be valid text; it is shown escaped rather than refused.
    return text.getvalue().encode("utf-8-sig", errors="backslashreplace")


def _metadata_cells(metadata: PhotoMetadata) -> list[str]:
    named = zip(metadata_fields.NAMES, metadata_fields.cells(metadata), strict=True)
    return [cell if name in _NUMBERS else inert(cell) for name, cell in named]


def inert(cell: str) -> str:
    """A text cell that no spreadsheet evaluates as a formula.

    >>> inert("=1+1"), inert("a cat")
    ("'=1+1", 'a cat')
    """
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
