"""``watch``: stays, follows the watched folders, and indexes what is new."""

from __future__ import annotations

import argparse
import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

from engine.commands.folders import lacking_lines
from engine.commands.terminal.console import Console, counted, plain
from engine.commands.terminal.library_access import (
    add_profile_argument,
    command_line,
    open_for_writing,
)
from engine.records import IndexingState, LibraryStatus

SUMMARY = "stay, and index what is new in the watched folders, until Ctrl+C or SIGTERM"
_POLL_S = 0.5
_LINE_EVERY_S = 30.0
"""Least time between two lines while photos are being indexed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``engine.commands``."""
    add_profile_argument(parser)


def run(arguments: argparse.Namespace, console: Console, profile: Any) -> int:
    """Watch until a signal comes; what was finished by then is kept."""
    with _stop_signals() as stop, open_for_writing(arguments, profile) as library:
        folders = library.folders.all()
        if not folders:
            add = command_line(arguments, "add FOLDER")
            console.note(f"No folder is watched yet. Add one first: {add}")
            return 0
        library.folders.start_watching()
        console.print(f"Watching {counted(len(folders), 'folder')}. Stop with Ctrl+C.")
        said: list[str] = []
        said_at_s = float("-inf")
        while not stop.wait(_POLL_S):
            status = library.status()
            lines = _lines(status, arguments)
            working = status.indexing is IndexingState.RUNNING
            due = not working or time.monotonic() - said_at_s >= _LINE_EVERY_S
            if lines != said and due:
                said, said_at_s = lines, time.monotonic()
                for line in lines:
                    console.print(line)
    console.print("Stopped. What was finished is kept.")
    return 0


def _lines(status: LibraryStatus, arguments: argparse.Namespace) -> list[str]:
    """What there is to say now: counts, questions, notes."""
    line = f"{counted(status.photos, 'photo')}, {status.searchable:,} searchable"
    waiting = status.pending + max(0, status.searchable - status.outlined)
    if waiting:
        line += f", {waiting:,} to index"
    if status.problems:
        line += f", {counted(status.problems, 'problem')}"
    lines = [line]
    for folder in status.folders:
        if folder.lacking:
            lines += lacking_lines(folder, arguments)
        elif not folder.online:
            lines.append(f"Not connected, left as it was: {plain(folder.path)}")
    return [*lines, plain(status.note)] if status.note else lines


@contextlib.contextmanager
def _stop_signals() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set, instead of ending the process."""
    stop = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: stop.set()) for number in numbers]
    try:
        yield stop
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
