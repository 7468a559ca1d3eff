"""``library``: writes the library to one file, or makes one of such a file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from engine.commands.restore import print_report
from engine.commands.terminal.console import Console, plain
from engine.commands.terminal.library_access import command_line, location, open_for_reading
from engine.library import restoring

SUMMARY = "write the library, without its photos, to one file, or make one of such a file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``engine.commands``."""
    parser.add_argument("action", choices=["export", "import"])
    parser.add_argument("file", metavar="FILE", type=Path)


def run(arguments: argparse.Namespace, console: Console, profile: Any) -> int:
    """Export or import; an import needs a folder without a library."""
    path = arguments.file.expanduser().absolute()
    if arguments.action == "export":
        with open_for_reading(arguments, profile, console) as library:
            console.follow(library.backups.export(path))
        console.print(f"Written: {path.stat().st_size / 1e6:,.1f} MB, {plain(path)}")
        return 0
    report = restoring.load(location(arguments), path)
    print_report(report, console)
    console.print(f"Now run: {command_line(arguments, 'index')}")
    return 0
