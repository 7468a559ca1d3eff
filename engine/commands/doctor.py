"""``doctor``: shows what is installed here and checks that it works."""

from __future__ import annotations

import argparse
import json
from typing import Any

from engine.commands.terminal.console import Console, plain
from engine.commands.terminal.library_access import library_dir

SUMMARY = "versions, devices, models, room on the disk, and a short measured rate"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``engine.commands``."""
    parser.add_argument("--json", action="store_true", help="print all of it as one JSON object")
    parser.add_argument(
        "--verify", action="store_true", help="read every byte of installed models again"
    )


def run(arguments: argparse.Namespace, console: Console, profile: Any) -> int:
    """Print all sections; 1 if one of them has a problem."""
    from engine import diagnostics

    sections = diagnostics.sections(library_dir(arguments), console, arguments.verify)
    fine = all(section.fine for section in sections)
    if arguments.json:
        figures = {section.title: {**section.figures, "fine": section.fine} for section in sections}
        console.print(json.dumps({**figures, "fine": fine}, indent=1, default=str))
        return 0 if fine else 1
    for section in sections:
        console.print(section.title if section.fine else f"{section.title} (!)")
        for line in section.lines:
            console.print(f"  {plain(line)}")
    return 0 if fine else 1
