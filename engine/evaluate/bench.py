"""The benchmarks by name."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.evaluate.judged_search import Watcher

AVAILABLE = {
    "query": "time from a text to its hits, with the library open",
    "index": "photos a second of the coarse and the full pass, and peak memory",
    "vectors": "recall and speed of the vector index against looking at every vector",
    "colours": "whether a colour before a thing's name finds things of that colour first",
    "boxes": "whether a box drawn not quite right leads to the masks of its thing",
    "sam2": "SAM 2 masks: time, memory and equality against the package's own generator",
    "worker": "the process of a language model: seconds a look, memory, cancelling, faults",
    "loop": "how long the window's event loop stalls while it indexes and searches",
}
LATER = ("grid", "storm")


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


def run(name: str, request: BenchRequest, watcher: Watcher) -> BenchResult:
    """Run one of ``AVAILABLE``; blocks.

    Raises:
        EngineError: what it measures cannot be set up.
    """
    return importlib.import_module(f"engine.evaluate.{name}_bench").measure(request, watcher)
