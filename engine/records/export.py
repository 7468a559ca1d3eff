"""Requests for exports, and their summaries."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from engine.records.photos import Problem
from engine.records.search import SearchHit


class ExportKind(StrEnum):
    """What an export writes."""

    CUTOUT = "cutout"
    MASK = "mask"
    OVERLAY = "overlay"
    COCO = "coco"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """Hits to write below a folder. Existing files are never overwritten: a number is added."""

    hits: tuple[SearchHit, ...]
    to: Path
    kind: ExportKind
    query: str = ""


@dataclass(frozen=True, slots=True)
class ExportSummary:
    """The files written, and the hits that were not, each with its reason."""

    written: tuple[Path, ...]
    problems: tuple[Problem, ...] = ()
