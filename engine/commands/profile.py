"""``profile``: shows the profiles of a library, changes the active one, deletes data of others."""

from __future__ import annotations

import argparse
from typing import Any

from engine.commands.status import change_text
from engine.commands.terminal.console import Console, confirm, counted, duration, plain, table
from engine.commands.terminal.library_access import command_line, open_for_reading, open_for_writing
from engine.errors import BadRequest
from engine.library import Library
from engine.records import KeptProfile, ProfileCost

SUMMARY = "which models answer; change them, or forget what others made"
_ACTIONS = {
    "show": "the models that answer, and the others that have looked at photos",
    "use": "let these models look at all photos, then answer; what answers now does so until then",
    "cancel": "stay with the models that answer; what was made is kept",
    "forget": "delete what unused models made",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``engine.commands``."""
    parser.add_argument("action", choices=list(_ACTIONS), nargs="?", default="show")
    parser.add_argument("name", metavar="NAME", nargs="?", help="the models, such as starter")
    parser.add_argument("--yes", action="store_true", help="do not ask first")
    parser.epilog = "  ".join(f"{name}: {what}." for name, what in _ACTIONS.items())


def run(arguments: argparse.Namespace, console: Console, profile: Any) -> int:
    """Run the action; 1 if the user did not confirm or the change is not complete."""
    if arguments.action == "show":
        return _show(arguments, console, profile)
    if arguments.action != "cancel" and arguments.name is None:
        raise BadRequest(
            "Which models?",
            operation=f"profile {arguments.action}",
            hint=f"Name them: {command_line(arguments, f'profile {arguments.action} NAME')}",
        )
    with open_for_writing(arguments, profile) as library:
        if arguments.action == "cancel":
            library.models.cancel_change()
            console.print(f"{plain(library.models.active.name)} answers, and stays.")
            return 0
        if arguments.action == "use":
            return _use(library, arguments, console)
        return _delete(library, arguments, console)


def _show(arguments: argparse.Namespace, console: Console, profile: Any) -> int:
    with open_for_reading(arguments, profile, console) as library:
        kept = library.models.kept()
        status = library.status()
    rows = [("models", "state", "photos", "disk")]
    for item in kept:
        size = f"{item.disk_bytes / 1e6:,.1f} MB"
        rows.append((item.name, _state(item), f"{item.photos:,}", size))
    for line in table(rows, right=frozenset({2, 3})):
        console.print(line)
    if status.change is not None:
        console.print(change_text(status.change))
        console.print(f"It goes on with: {command_line(arguments, 'index')}")
    if status.note:
        console.print(plain(status.note))
    return 0


def _state(kept_profile: KeptProfile) -> str:
    if kept_profile.answering:
        return "answering"
    if kept_profile.next:
        return "being made"
    return "complete, not in use" if kept_profile.complete else "incomplete, not in use"


def _use(library: Library, arguments: argparse.Namespace, console: Console) -> int:
    if arguments.name == library.models.active.name:
        library.models.cancel_change()
        console.print(f"{plain(library.models.active.name)} answers already.")
        return 0
    cost = console.follow(library.models.change_cost(arguments.name))
    if cost.photos:
        console.note(cost_text(cost))
        if not cost.fits:
            console.note("That does not fit on the disk.")
        if not arguments.yes and not confirm("Change to them?"):
            console.note("Nothing was changed.")
            return 1
    try:
        console.follow(library.models.change(arguments.name))
    except KeyboardInterrupt:
        again = command_line(arguments, f"profile use {arguments.name}")
        console.note(f"{plain(library.models.active.name)} answers. To go on: {again}")
        raise
    if library.models.active.name != arguments.name:
        console.print(
            f"{plain(library.models.active.name)} still answers: "
            "not all photos could be looked at. "
            f"See why: {command_line(arguments, 'status')}"
        )
        return 1
    console.print(f"{plain(library.models.active.name)} answers now.")
    return 0


def cost_text(cost: ProfileCost) -> str:
    """Time and disk space that a change of profile needs, in one or two sentences."""
    text = f"{plain(cost.profile)} has to look at {counted(cost.photos, 'photo')}"
    if cost.seconds is not None and cost.per_second:
        source = "tried on a few" if cost.tried else "as measured earlier"
        text += f": about {duration(cost.seconds)} at {cost.per_second:.2g} a second ({source})"
    return (
        f"{text}. The library grows by about {cost.disk_bytes / 1e6:,.0f} MB; "
        f"{cost.free_bytes / 1e9:,.1f} GB are free."
    )


def _delete(library: Library, arguments: argparse.Namespace, console: Console) -> int:
    unused = [
        kept_profile
        for kept_profile in library.models.kept()
        if kept_profile.name == arguments.name and not (kept_profile.answering or kept_profile.next)
    ]
    photos = counted(sum(kept_profile.photos for kept_profile in unused), "photo")
    if unused and not arguments.yes and not confirm(f"Forget what they found in {photos}?"):
        console.note("Nothing was deleted.")
        return 1
    freed = console.follow(library.models.delete(arguments.name))
    console.print(
        f"Forgotten. {freed / 1e6:,.1f} MB are free again, part of it for the library's own use."
    )
    return 0
