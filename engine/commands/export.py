"""``export``: searches, then writes the hits to files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from engine.commands.terminal.argument_types import query_text, whole_number
from engine.commands.terminal.console import Console, counted, plain
from engine.commands.terminal.library_access import (
    add_profile_argument,
    open_for_reading,
    refuse_if_empty,
)
from engine.records import ExportKind, ExportRequest, SearchHit, SearchRequest, Verdict

SUMMARY = "write what a search finds: cut-outs, masks, pictures, COCO, CSV"
_DEFAULT_LIMIT = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``engine.commands``."""
    parser.add_argument("text", metavar="TEXT", type=query_text, help="what to look for")
    parser.add_argument("--to", required=True, type=Path, metavar="DIR", help="where to write")
    parser.add_argument(
        "--as",
        dest="kind",
        required=True,
        choices=[kind.value for kind in ExportKind],
        help="cutout: the thing alone (PNG); fine-cutout: the same with hair and fur, slower; "
        "mask: black and white (PNG); overlay: the photo with the thing lit and outlined (JPEG); "
        "original: the photo as it is; "
        "coco: one JSON; csv: one table",
    )
    add_profile_argument(parser)
    parser.add_argument(
        "--limit",
        type=whole_number(1),
        metavar="N",
        help="the first N hits whatever their verdict; without it every hit that is no clear no "
        f"(at most {_DEFAULT_LIMIT})",
    )


def run(arguments: argparse.Namespace, console: Console, profile: Any) -> int:
    """Search and write the hits; 1 if no file was written."""
    limit = arguments.limit or _DEFAULT_LIMIT
    with open_for_reading(arguments, profile, console) as library:
        refuse_if_empty(library, arguments)
        console.follow(library.search.make_complete())
        result = console.follow(
            library.search.start(SearchRequest(text=arguments.text, limit=limit))
        )
        hits = result.hits if arguments.limit else _without_no(result.hits)
        if not hits:
            console.note(
                f"No photo is likely to show {plain(arguments.text)!r}. "
                "With --limit N the first N hits are written whatever their verdict."
            )
            return 1
        destination = arguments.to.expanduser().absolute()
        request = ExportRequest(hits, destination, ExportKind(arguments.kind), arguments.text)
        summary = console.follow(library.exports.start(request))
    for path in summary.written:
        console.print(plain(path))
    for problem in summary.problems:
        console.note(f"Not written: {plain(problem.path)}: {plain(problem.message)}")
    console.note(f"{counted(len(summary.written), 'file')} written.")
    return 0 if summary.written else 1


def _without_no(hits: tuple[SearchHit, ...]) -> tuple[SearchHit, ...]:
    return tuple(hit for hit in hits if hit.verdict is not Verdict.NO)
