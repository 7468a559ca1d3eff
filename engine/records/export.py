"""Requests for exports, their previews and their summaries."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from engine.records.photos import Problem
from engine.records.search import SearchHit

DEFAULT_PATTERN = "{name} - {query} - {kind}"
"""Names of files without their suffix; see ``engine.export.names`` for the fields."""


class ExportKind(StrEnum):
    """What an export writes."""

    CUTOUT = "cutout"
    FINE_CUTOUT = "fine-cutout"
    """A cut-out whose edge is worked out from the colours, for hair and fur."""
    MASK = "mask"
    OVERLAY = "overlay"
    ORIGINAL = "original"
    COCO = "coco"
    CSV = "csv"


class ExistingFiles(StrEnum):
    """What happens if a file of the same name is there already."""

    NUMBER = "number"
    """The new file's name gets a number."""
    KEEP = "keep"
    """Nothing is written, so that a second export adds only what is missing."""
    REPLACE = "replace"
    """The old file is replaced, in one step."""


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """Hits to write below a folder.

    Attributes:
        pattern: names of the files; lists (COCO, CSV) have names of their own.
        existing: what happens to files that are there already.
    """

    hits: tuple[SearchHit, ...]
    to: Path
    kind: ExportKind
    query: str = ""
    pattern: str = DEFAULT_PATTERN
    existing: ExistingFiles = ExistingFiles.NUMBER


@dataclass(frozen=True, slots=True)
class ExportPreview:
    """The names that an export would give, in the order of its hits.

    Attributes:
        existing: how many of them are there already, and would be kept or replaced.
    """

    names: tuple[str, ...]
    existing: int


@dataclass(frozen=True, slots=True)
class ExportSummary:
    """The files written, and the hits that were not, each with its reason.

    Attributes:
        kept: files that were there already and were left as they are.
    """

    written: tuple[Path, ...]
    problems: tuple[Problem, ...] = ()
    kept: tuple[Path, ...] = ()
