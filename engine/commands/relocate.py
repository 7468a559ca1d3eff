"""``relocate``: a watched folder was moved to another drive letter, mount point or computer."""

from __future__ import annotations

import argparse
import os
from pathlib import Path, PureWindowsPath
from typing import Any

from engine.commands.terminal.console import Console, counted, plain
from engine.commands.terminal.library_access import open_for_writing

SUMMARY = "tell that watched folders are at another place now; nothing is indexed again"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``engine.commands``."""
    parser.add_argument(
        "old",
        metavar="OLD",
        help="where they were: a watched folder, or one that holds watched folders, such as D:\\",
    )
    parser.add_argument("new", metavar="NEW", type=Path, help="where the same photos are now")


def run(arguments: argparse.Namespace, console: Console, profile: Any) -> int:
    """Check a sample of the photos at the new place, and go on from there."""
    old = os.path.expanduser(arguments.old)
    if not PureWindowsPath(old).drive:  # else it may come from another computer
        old = os.path.abspath(old)
    with open_for_writing(arguments, profile) as library:
        moved = console.follow(library.folders.relocate(old, arguments.new))
        photos = {folder.id: folder.photos for folder in library.folders.all()}
        pending = library.status().pending
    for move in moved:
        count = counted(photos[move.folder_id], "photo")
        console.print(
            f"{plain(move.old)} is {plain(move.new)} now: {count}; "
            f"of {move.looked_for} looked for, {move.there} are there"
        )
    if pending:
        console.print(f"{counted(pending, 'photo')} to index")
    return 0
