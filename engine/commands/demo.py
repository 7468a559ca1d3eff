"""``demo``: indexes the sample photos, runs three queries, writes pictures of the best hits."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine import paths
from engine.commands.terminal import hit_table
from engine.commands.terminal.console import Console, counted, plain
from engine.errors import EngineError, ExportProblem
from engine.library import Library
from engine.records import (
    ExportKind,
    ExportRequest,
    SearchHit,
    SearchRequest,
    Verdict,
)

SUMMARY = "index the sample photos, answer three queries, write the pictures to a folder"
QUERIES = ("cat", "a cup of coffee", "horses on a meadow")
_SHOWN = 5
_PICTURED = 2
"""Pictures are written for at most so many hits of a query."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``engine.commands``."""
    parser.add_argument(
        "--to",
        type=Path,
        metavar="DIR",
        help="where to write (default: ./pickout-demo, with a number if that exists)",
    )


def run(arguments: argparse.Namespace, console: Console, profile: Any) -> int:
    """Index, search and export once."""
    folder = create_demo_folder(arguments.to)
    run_demo(folder, paths.resources_dir() / "samples", QUERIES, console, profile)
    return 0


def run_demo(
    folder: Path, samples: Path, queries: Sequence[str], console: Console, profile: Any
) -> None:
    """Index ``samples`` into a library in ``folder``, search, write pictures there."""
    pictures = folder / "pictures"
    with contextlib.closing(Library.open(folder / "library", profile=profile)) as library:
        library.folders.add(samples)
        console.print(f"Indexing the sample photos in {plain(samples)}")
        console.follow(library.indexing.start())
        status = library.status()
        console.print(
            f"{counted(status.searchable, 'photo')}, {counted(status.regions, 'thing')} in them."
        )
        for query in queries:
            console.print()
            console.print(f'"{query}"')
            result = console.follow(library.search.start(SearchRequest(text=query, limit=_SHOWN)))
            for line in hit_table.lines(result.hits, query):
                console.print(f"  {line}")
            if result.hits:
                pictured = _hits_to_draw(result.hits)
                _write_pictures(library, console, query, pictured, pictures)
    console.print()
    console.print(f"The pictures are in {plain(pictures)}")


def create_demo_folder(chosen: Path | None) -> Path:
    """Create the folder of this run: the chosen one, or a new one in the working directory.

    Raises:
        ExportProblem: it cannot be created.
    """
    if chosen is not None:
        folder = chosen.expanduser().absolute()
    else:
        folder, number = Path.cwd() / "pickout-demo", 2
        while folder.exists():
            folder = Path.cwd() / f"pickout-demo-{number}"
            number += 1
    try:
        folder.mkdir(parents=True, exist_ok=chosen is not None)
    except OSError as error:
        raise ExportProblem(
            f"The folder for the demo cannot be made: {error.strerror}.",
            operation="making the demo's folder",
            path=folder,
            hint="Name another one with --to DIR.",
        ) from error
    return folder


def _hits_to_draw(hits: tuple[SearchHit, ...]) -> tuple[SearchHit, ...]:
    """The best hit, and the next one if it is likely too."""
    return hits[:1] + tuple(
        hit for hit in hits[1:_PICTURED] if hit.verdict in (Verdict.MATCH, Verdict.UNVERIFIED)
    )


def _write_pictures(
    library: Library,
    console: Console,
    query: str,
    hits: tuple[SearchHit, ...],
    folder: Path,
) -> None:
    for kind in (ExportKind.OVERLAY, ExportKind.CUTOUT):
        try:
            summary = console.follow(
                library.exports.start(ExportRequest(hits, folder, kind, query))
            )
        except EngineError as error:
            console.note(f"  Not written: {plain(error)}")
            continue
        for path in summary.written:
            console.print(f"  wrote {plain(path.name)}")
        for problem in summary.problems:
            console.note(f"  Not written: {plain(problem.path.name)}: {plain(problem.message)}")
