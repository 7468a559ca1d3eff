"""The request and the result of a benchmark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.postgres.address import ServerAddress


@dataclass(frozen=True, slots=True)
class BenchRequest:
    """The data to measure on; each benchmark uses some of the fields.

    Attributes:
        library: an existing library for ``query``, ``start`` and ``loop``; None creates one.
        photos: how many photos ``query``, ``start``, ``index``, ``ray`` and ``storm`` generate;
            None for the benchmark's default. For ``boxes``, how many photos of the COCO file are
            used; None for all. For ``worker``, the number of requests; for ``device``, how many of
            the sample photos.
        folder: photos for ``index`` and ``ray`` (None generates some), ``colours``, ``boxes`` and
            ``sam2``.
        coco: the COCO annotations of these photos, for ``colours``, ``boxes`` and ``sam2``.
        labels: colours of annotated things, for ``colours``; None leaves that part out.
        sizes: index sizes for ``vectors``.
        profile: as for ``Library.open``.
        server: for ``postgres``; None starts the packaged one.
    """

    library: Path | None = None
    photos: int | None = None
    folder: Path | None = None
    coco: Path | None = None
    labels: Path | None = None
    sizes: tuple[int, ...] = (10_000, 100_000)
    profile: Any = None
    server: ServerAddress | None = None


@dataclass(frozen=True, slots=True)
class BenchResult:
    """``lines`` are printed; ``figures`` are written to the JSON file."""

    lines: tuple[str, ...]
    figures: Mapping[str, Any]
