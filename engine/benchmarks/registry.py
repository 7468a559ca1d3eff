"""The benchmarks by name.

A new one needs a module in this package with a function ``measure``, and entries in ``AVAILABLE``
and ``_MODULES``."""

from __future__ import annotations

import importlib

from engine.benchmarks.benchmark import BenchRequest, BenchResult
from engine.evaluation.annotated_search import ProgressListener

AVAILABLE = {
    "query": "time from a text to its hits, with the library open",
    "start": "time from the start of a process to its window and to its first hits",
    "index": "photos a second of the coarse and the full pass, and peak memory",
    "ray": "photos a second with two actors of a local Ray against one",
    "vectors": "recall and speed of the vector index against looking at every vector",
    "postgres": "searches of a library on a PostgreSQL server against those of one in a folder",
    "filters": "whether searches with filters answer as brute force does, and how fast",
    "colours": "whether a colour before a thing's name finds things of that colour first",
    "boxes": "whether a box drawn not quite right leads to the masks of its thing",
    "sam2": "SAM 2 masks: time, memory and equality against the package's own generator",
    "device": "the full profile's models on a graphics card: agreement, time, memory",
    "worker": "the process of a language model: seconds a look, memory, cancelling, faults",
    "loop": "how long the window's event loop stalls while it indexes and searches",
    "storm": "whether the library equals the disk after a storm of file events",
}
PLANNED = ("grid",)
_MODULES = {
    "query": "query",
    "start": "start",
    "index": "indexing",
    "ray": "ray_scaling",
    "vectors": "vectors",
    "postgres": "postgres",
    "filters": "filters",
    "colours": "colours",
    "boxes": "boxes",
    "sam2": "sam2_masks",
    "device": "devices",
    "worker": "model_worker",
    "loop": "event_loop",
    "storm": "storm",
}


def run(name: str, request: BenchRequest, listener: ProgressListener) -> BenchResult:
    """Run one of ``AVAILABLE``; blocks.

    Raises:
        EngineError: the benchmark cannot be set up, or failed.
    """
    return importlib.import_module(f"engine.benchmarks.{_MODULES[name]}").measure(request, listener)
