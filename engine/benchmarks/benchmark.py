"""What every benchmark is given, and what it returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class BenchRequest:
    """What to measure on; each benchmark takes what it needs.

    Attributes:
        library: an existing library for ``query`` and ``loop``; None makes one.
        photos: how many photos ``query`` and ``index`` make; None for the benchmark's own number.
            For ``boxes``, how many of the COCO file's count; None for all.
        folder: photos for ``index``, None makes some; and for ``colours``, ``boxes``, ``sam2``.
        coco: what is in the photos, for the same three.
        labels: colours of the things in the photos, for ``colours``; None leaves that part out.
        sizes: index sizes for ``vectors``.
        profile: as for ``Library.open``.
    """

    library: Path | None = None
    photos: int | None = None
    folder: Path | None = None
    coco: Path | None = None
    labels: Path | None = None
    sizes: tuple[int, ...] = (10_000, 100_000)
    profile: Any = None


@dataclass(frozen=True, slots=True)
class BenchResult:
    """``lines`` for people, ``figures`` for files."""

    lines: tuple[str, ...]
    figures: Mapping[str, Any]
