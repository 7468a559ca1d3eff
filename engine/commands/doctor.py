"""``doctor``: what is installed here, and whether it works."""

from __future__ import annotations

import argparse
import json
from typing import Any

from engine.commands.library_access import root_of
from engine.commands.terminal.console import Console, plain

SUMMARY = "versions, devices, models, room on the disk, and a short measured rate"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print all of it as one JSON object")
    parser.add_argument(
        "--verify", action="store_true", help="read every byte of installed models again"
    )


def run(arguments: argparse.Namespace, console: Console, profile: Any) -> int:
    """Print all parts; 1 if one of them is not as it should be."""
    from engine import diagnostics

    parts = diagnostics.parts(root_of(arguments), console, arguments.verify)
    fine = all(part.fine for part in parts)
    if arguments.json:
        told = {part.title: {**part.figures, "fine": part.fine} for part in parts}
        console.print(json.dumps({**told, "fine": fine}, indent=1, default=str))
        return 0 if fine else 1
    for part in parts:
        console.print(part.title if part.fine else f"{part.title} (!)")
        for line in part.lines:
            console.print(f"  {plain(line)}")
    return 0 if fine else 1
