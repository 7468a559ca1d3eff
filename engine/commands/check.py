"""``check``: compare store and index, repair derived data."""

from __future__ import annotations

import argparse
from typing import Any

from engine.commands.terminal.console import Console, counted, plain
from engine.commands.terminal.library_access import open_for_writing

SUMMARY = "check store and index against each other, repair what is derived"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``engine.commands``; there are none besides the library."""


def run(arguments: argparse.Namespace, console: Console, profile: Any) -> int:
    """Check and repair; 1 if something could not be repaired, else 0."""
    with open_for_writing(arguments, profile) as library:
        report = console.follow(library.maintenance.check())
    console.print(
        f"{counted(report.photos, 'photo')}, {counted(report.regions, 'thing')}, "
        f"{counted(report.vectors, 'vector')} in the index"
    )
    for line in report.repaired:
        console.print(f"Repaired: {plain(line)}")
    for line in report.faults:
        console.print(f"Fault: {plain(line)}")
    if not report.ok:
        console.print(f"{counted(len(report.faults), 'fault')} left.")
        return 1
    console.print("Store and index agree." if not report.repaired else "All is well again.")
    return 0
