"""``restore``: puts a backup of the library back, or what can be read of a damaged one."""

from __future__ import annotations

import argparse
from typing import Any

from engine.commands.terminal.console import Console, counted, plain
from engine.commands.terminal.library_access import command_line, location
from engine.errors import BadRequest
from engine.library import restoring
from engine.records import RestoreReport

SUMMARY = "put a backup of the library back, after what is there was put aside"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``engine.commands``."""
    parser.add_argument(
        "which",
        metavar="WHICH",
        nargs="?",
        help="a name in `backup list` or a part of it, or a file (default: the newest backup that "
        "is sound)",
    )
    parser.add_argument(
        "--salvage",
        action="store_true",
        help="use no backup, but save what can be read of the damaged library",
    )


def run(arguments: argparse.Namespace, console: Console, profile: Any) -> int:
    """Restore, and say what is there now; no photo file is touched."""
    if arguments.salvage and arguments.which:
        raise BadRequest(
            "A salvage uses no backup.",
            operation="restoring",
            hint="Leave out the one or the other.",
        )
    root = location(arguments)
    if arguments.salvage:
        report = restoring.salvage(root)
    else:
        report = restoring.restore(root, arguments.which)
        console.print(f"Restored from {plain(report.source)}.")
    print_report(report, console)
    console.print(f"Now run: {command_line(arguments, 'index')}")
    return 0


def print_report(report: RestoreReport, console: Console) -> None:
    """What the library holds now, what was lost, and where the one before is."""
    console.print(
        f"The library has {counted(report.folders, 'folder')}, {counted(report.photos, 'photo')} "
        f"and {counted(report.edits, 'edit')}."
    )
    for line in report.lost:
        console.print(f"Lost: {plain(line)}")
    if report.restore_point is not None:
        console.print(f"What was there is kept: {plain(report.restore_point)}")
