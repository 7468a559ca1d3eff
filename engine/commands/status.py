"""``status``: counts of the library, progress of indexing, and problems with files."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import Any

from engine.commands.folders import folder_line, lacking_lines
from engine.commands.terminal.console import Console, counted, duration, plain
from engine.commands.terminal.library_access import command_line, location, open_for_reading
from engine.records import LibraryStatus, PassStatus, Problem, ProfileChange, RerankerInfo

SUMMARY = "photos done and pending, and problems with their reasons"
_SHOWN = 20
_ALL = 10**9


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``engine.commands``."""
    parser.add_argument("--json", action="store_true", help="print all of it as one JSON object")


def run(arguments: argparse.Namespace, console: Console, profile: Any) -> int:
    """Print the counts; the first problems, or all of them as JSON."""
    with open_for_reading(arguments, profile, console) as library:
        status = library.status()
        problems = library.indexing.problems(_ALL)
        reranker = library.search.reranker()
    if arguments.json:
        console.print(json.dumps(as_json(status, problems, reranker), indent=1))
        return 0
    console.print(f"Library {plain(location(arguments))}, models: {plain(status.profile)}")
    coarse = status.searchable - status.outlined
    of_them = f" ({coarse:,} of them not outlined yet)" if coarse else ""
    console.print(
        f"{counted(status.photos, 'photo')}: {status.searchable:,} searchable{of_them}, "
        f"{status.pending:,} to index, {counted(status.problems, 'problem')}; "
        f"{counted(status.regions, 'thing')} found in them"
    )
    for text in (_pass_text("searchable", status.coarse), _pass_text("outlined", status.full)):
        if text:
            console.print(text)
    for folder in status.folders:
        console.print(folder_line(folder))
    if not status.folders:
        console.print(f"No folder yet. Add one: {command_line(arguments, 'add FOLDER')}")
    for folder in status.folders:
        for line in lacking_lines(folder, arguments):
            console.print(line)
    if status.change is not None:
        console.print(change_text(status.change))
    console.print(_reranker_text(reranker))
    if status.note:
        console.print(plain(status.note))
    _print_problems(console, problems)
    return 0


def _pass_text(goal: str, status: PassStatus) -> str:
    """What a pass has left to do; empty if nothing."""
    if not status.waiting:
        return ""
    text = f"  {counted(status.waiting, 'photo')} to become {goal}"
    if status.photos_per_s and status.seconds_left is not None:
        remaining = duration(status.seconds_left)
        text += f", about {remaining} at {status.photos_per_s:.2g} a second"
    return text


def _reranker_text(info: RerankerInfo) -> str:
    """The reranker's model and where it runs, or why there is none."""
    if not info.available:
        return f"Second look: none. {plain(info.problem)} {plain(info.hint)}".rstrip()
    return f"Second look: {plain(info.title)}, on: {info.where}"


def _print_problems(console: Console, problems: tuple[Problem, ...]) -> None:
    if problems:
        console.print("Problems:")
    for problem in problems[:_SHOWN]:
        hint = f" {plain(problem.hint)}" if problem.hint else ""
        console.print(f"  {plain(problem.path)}: {plain(problem.message)}{hint}")
    if len(problems) > _SHOWN:
        console.print(f"  ... and {len(problems) - _SHOWN:,} more (status --json lists all)")


def change_text(change: ProfileChange) -> str:
    """The progress of a change to another profile."""
    text = (
        f"Changing to the models {plain(change.profile)}: {change.outlined:,} of "
        f"{counted(change.photos, 'photo')} ({int(100 * change.done)} %)"
    )
    if change.full.seconds_left is not None:
        text += f", about {duration(change.full.seconds_left)} left"
    return text


def as_json(
    status: LibraryStatus, problems: tuple[Problem, ...], reranker: RerankerInfo
) -> dict[str, Any]:
    """The JSON form.

    ``photos`` is the sum of ``searchable``, ``pending`` and ``problem_count``. ``problems`` also
    lists files that are no photos in spite of their names. ``coarse`` and ``full`` hold what each
    pass has left to do and its throughput, now or when it last ran. ``change`` is the progress of a
    change to another profile, or None."""
    return {
        "profile": status.profile,
        "photos": status.photos,
        "searchable": status.searchable,
        "outlined": status.outlined,
        "pending": status.pending,
        "problem_count": status.problems,
        "problems": [
            {
                "path": str(problem.path),
                "kind": problem.kind,
                "message": problem.message,
                "hint": problem.hint,
                "attempts": problem.attempts,
                "happened_at": problem.happened_at,
            }
            for problem in problems
        ],
        "regions": status.regions,
        "folders": [
            {
                "path": str(folder.path),
                "online": folder.online,
                "lacking": folder.lacking,
                "unread": dict(folder.unread),
                "photos": folder.photos,
                "searchable": folder.searchable,
                "problems": folder.problems,
            }
            for folder in status.folders
        ],
        "indexing": status.indexing.value,
        "coarse": asdict(status.coarse),
        "full": asdict(status.full),
        "change": asdict(status.change) if status.change is not None else None,
        "second_look": asdict(reranker),
        "note": status.note,
    }
