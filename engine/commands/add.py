"""``add``: watch folders."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from engine.commands.terminal.console import Console, counted, plain
from engine.commands.terminal.library_access import command_line, open_for_writing
from engine.errors import EngineError

SUMMARY = "watch folders and everything below them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``engine.commands``."""
    parser.add_argument("folders", metavar="FOLDER", nargs="+", type=Path)


def run(arguments: argparse.Namespace, console: Console, profile: Any) -> int:
    """Add each folder and count its photos; 1 if one of them could not be added."""
    failed = 0
    with open_for_writing(arguments, profile) as library:
        added = []
        for path in arguments.folders:
            try:
                added.append(library.folders.add(path.expanduser().absolute()).id)
            except EngineError as error:
                failed += 1
                console.note(f"Not added: {plain(error)}")
        if added:
            console.follow(library.folders.scan())
        for folder in library.folders.all():
            if folder.id in added:
                console.print(f"{plain(folder.path)}: {counted(folder.photos, 'photo')} found")
                if folder.unread:
                    console.print(f"  Not read: {folder.unread_words}")
        pending = library.status().pending
    if pending:
        console.print(
            f"{counted(pending, 'photo')} to index. Now run: {command_line(arguments, 'index')}"
        )
    return 1 if failed else 0
