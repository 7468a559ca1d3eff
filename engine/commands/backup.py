"""``backup``: makes a backup of the library, or lists them."""

from __future__ import annotations

import argparse
from datetime import datetime
from typing import Any

from engine.commands.terminal.console import Console, plain, table
from engine.commands.terminal.library_access import command_line, location, open_for_writing
from engine.library import restoring
from engine.records import Backup, BackupKind

SUMMARY = "make a backup of the library now, or list those that are there"
_KINDS = {
    BackupKind.WHOLE: "everything",
    BackupKind.ESSENTIALS: "folders, settings, edits; photos are looked at again",
    BackupKind.RESTORE_POINT: "as it was before a restore",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``engine.commands``."""
    parser.add_argument("action", choices=["make", "list"], nargs="?", default="make")


def run(arguments: argparse.Namespace, console: Console, profile: Any) -> int:
    """Make or list; the list needs no library that can be opened."""
    if arguments.action == "make":
        with open_for_writing(arguments, profile) as library:
            made = console.follow(library.backups.make())
        console.print(f"Backed up: {_size(made)}, {_KINDS[made.kind]}.")
        console.print(plain(made.path))
        return 0
    backups = restoring.backups_of(location(arguments))
    if not backups:
        console.print(f"There is none yet. Make one: {command_line(arguments, 'backup')}")
        return 0
    rows = [("made", "size", "holds", "name")]
    rows += [(local_time(one), _size(one), _KINDS[one.kind], one.name) for one in backups]
    for line in table(rows, right=frozenset({1})):
        console.print(line)
    console.print(f"Put one back: {command_line(arguments, 'restore NAME')}")
    return 0


def local_time(backup: Backup) -> str:
    """When a backup was made, by the clock of this computer."""
    return f"{datetime.fromisoformat(backup.made_at).astimezone():%Y-%m-%d %H:%M}"


def _size(backup: Backup) -> str:
    return f"{backup.size_bytes / 1e6:,.1f} MB"
