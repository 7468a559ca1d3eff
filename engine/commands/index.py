"""``index``: indexes every new photo, then stops."""

from __future__ import annotations

import argparse
import contextlib
import time
from typing import Any

from engine.commands.folders import lacking_lines
from engine.commands.terminal.console import Console, counted, duration, plain
from engine.commands.terminal.library_access import (
    add_profile_argument,
    command_line,
    open_for_writing,
)
from engine.errors import EngineError
from engine.jobs.ray_cluster import LOCAL

SUMMARY = "index what is new, show progress, stop when done"
_ALL = 10**9


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``engine.commands``."""
    add_profile_argument(parser)
    parser.add_argument(
        "--ray",
        nargs="?",
        const=LOCAL,
        metavar="ADDRESS",
        help="look at the photos with the actors of this Ray cluster (host:port, or auto), which "
        "this computer belongs to; without an address Ray is started here and ended with the "
        "command",
    )


def run(arguments: argparse.Namespace, console: Console, profile: Any) -> int:
    """Index. Photos that cannot be indexed are counted; the exit status is 0 all the same."""
    started_s = time.monotonic()
    with open_for_writing(arguments, profile, arguments.ray) as library:
        if not library.folders.all():
            console.note(
                f"No folder is watched yet. Add one first: {command_line(arguments, 'add FOLDER')}"
            )
            return 0
        before = library.status().searchable
        library.indexing.resume(always=True)  # who types the command does not want it to wait
        console.follow(library.indexing.start())
        backup = library.backups.start_if_due()
        if backup is not None:
            with contextlib.suppress(EngineError):  # the status has a note about it
                console.follow(backup)
        status = library.status()
        problems = len(library.indexing.problems(_ALL))
    took = duration(time.monotonic() - started_s)
    new = max(0, status.searchable - before)
    console.print(
        f"{counted(status.searchable, 'photo')} searchable ({new:,} new), "
        f"{counted(status.regions, 'thing')} in them, after {took}."
    )
    if status.pending:
        console.print(f"{counted(status.pending, 'photo')} still to index.")
    if status.outlined < status.searchable:
        coarse = counted(status.searchable - status.outlined, "photo")
        console.print(f"{coarse} still to be outlined.")
    for folder in status.folders:
        for line in lacking_lines(folder, arguments):
            console.print(line)
        if folder.unread:
            console.print(f"Not read in {plain(folder.path)}: {folder.unread_words}")
        if not folder.online and not folder.lacking:
            console.print(f"Not connected, left as it was: {plain(folder.path)}")
    if status.note:
        console.note(plain(status.note))
    if problems:
        console.print(
            f"{counted(problems, 'file')} could not be indexed. "
            f"See why: {command_line(arguments, 'status')}"
        )
    return 0
