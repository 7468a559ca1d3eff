"""``folders``: shows the watched folders, and says that photos which one lacks are really gone."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from engine.commands.terminal.console import Console, counted, plain
from engine.commands.terminal.library_access import command_line, open_for_reading, open_for_writing
from engine.errors import BadRequest
from engine.library import Library
from engine.records import Folder
from engine.watch.rules import DEFAULT_RULES

SUMMARY = "the watched folders, and what is left out; say that photos which one lacks are gone"
_ACTIONS = {
    "list": "the watched folders and their state",
    "gone": "the photos that this folder lacks are deleted, its drive is not just away",
    "rules": "show what is left out, or replace the folder's own rules, in the syntax of "
    ".gitignore files: screenshots/ '*.png' '!node_modules/'; '' for none",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``engine.commands``."""
    parser.add_argument("action", choices=list(_ACTIONS), nargs="?", default="list")
    parser.add_argument("folder", metavar="FOLDER", nargs="?", help="a watched folder")
    parser.add_argument("rules", metavar="RULE", nargs="*", help="see the action rules")
    parser.epilog = "  ".join(f"{name}: {what}." for name, what in _ACTIONS.items())


def run(arguments: argparse.Namespace, console: Console, profile: Any) -> int:
    """Run the action."""
    if arguments.action == "list":
        with open_for_reading(arguments, profile, console) as library:
            folders = library.folders.all()
        for folder in folders:
            console.print(folder_line(folder))
            for line in lacking_lines(folder, arguments):
                console.print(line)
        if not folders:
            console.print(f"No folder yet. Add one: {command_line(arguments, 'add FOLDER')}")
        return 0
    if arguments.action == "rules" and not arguments.rules:
        with open_for_reading(arguments, profile, console) as library:
            _print_rules(library, _named(library, arguments), console)
        return 0
    with open_for_writing(arguments, profile) as library:
        folder = _named(library, arguments)
        if arguments.action == "rules":
            library.folders.set_rules(folder.id, "\n".join(arguments.rules))
            console.follow(library.folders.scan())
            _print_rules(library, folder, console)
            return 0
        console.follow(library.folders.believe(folder.id))
        after = next(f for f in library.folders.all() if f.id == folder.id)
    if not after.online:
        console.print(f"The folder is not there: {plain(folder.path)}. Nothing was changed.")
        return 1
    console.print(
        f"{plain(folder.path)}: {counted(after.photos, 'photo')}. "
        "What was made from photos that are gone is kept for 30 days, in case they come back."
    )
    return 0


def folder_line(folder: Folder) -> str:
    """Path, number of photos, state, what is not read."""
    offline = "" if folder.online else "  (not connected)"
    not_read = f"; not read: {folder.unread_words}" if folder.unread else ""
    return f"  {plain(folder.path)}: {counted(folder.photos, 'photo')}{offline}{not_read}"


def lacking_lines(folder: Folder, arguments: argparse.Namespace) -> list[str]:
    """The question whether what a folder lacks is gone, with its two answers; empty if it lacks
    nothing."""
    if not folder.lacking:
        return []
    gone = command_line(arguments, f'folders gone "{folder.path}"')
    verb = "is" if folder.lacking == 1 else "are"
    lacking = f"{folder.lacking:,} of {counted(folder.photos, 'photo')} {verb} not there"
    return [
        f"{plain(folder.path)}: {lacking}. Nothing was removed.",
        "  Is a drive not connected, or another one? Connect the right one and index again.",
        f"  Are the photos really gone? Then run: {plain(gone)}",
    ]


def _print_rules(library: Library, folder: Folder, console: Console) -> None:
    console.print("# Left out of every folder, unless its own rules say otherwise:")
    console.print(DEFAULT_RULES.strip())
    console.print(f"\n# Rules of {plain(folder.path)}:")
    for line in library.folders.rules(folder.id).splitlines() or ["# none"]:
        console.print(plain(line))


def _named(library: Library, arguments: argparse.Namespace) -> Folder:
    """The folder that the arguments name; it need not exist now.

    Raises:
        BadRequest: no folder is named, or it is not watched.
    """
    folders = library.folders.all()
    hint = f"See which are: {command_line(arguments, 'folders')}"
    operation = f"folders {arguments.action}"
    if arguments.folder is None:
        raise BadRequest("Which folder?", operation=operation, hint=hint)
    path = Path(os.path.abspath(Path(arguments.folder).expanduser()))
    for folder in folders:
        if folder.path in (path, path.resolve()) or str(folder.path) == arguments.folder:
            return folder
    raise BadRequest("This folder is not watched.", operation=operation, path=path, hint=hint)
