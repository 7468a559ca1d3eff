"""``settings``: shows the settings of a library with their meaning, or changes one."""

from __future__ import annotations

import argparse
from dataclasses import Field, fields, replace
from typing import Any

from engine import settings as settings_file
from engine.commands.library_access import command_line, library_dir
from engine.commands.terminal.console import Console, plain, table
from engine.errors import BadRequest
from engine.paths import LibraryPaths
from engine.settings import Settings

SUMMARY = "all settings with their meaning, one of them, or a new value for it"
_OPERATION = "changing the settings"
_MODELS = ("profile", "next_profile")
"""Not changed here: another profile takes effect only once all photos are indexed with it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``engine.commands``."""
    parser.add_argument("name", metavar="NAME", nargs="?", help="a setting, as the table has it")
    parser.add_argument("value", metavar="VALUE", nargs="?", help="its new value; '' for empty")


def run(arguments: argparse.Namespace, console: Console, profile: Any) -> int:
    """Show or change settings. The library is not opened, so another process may have it open."""
    paths = LibraryPaths(library_dir(arguments))
    settings, notice = settings_file.load(paths.settings)
    if notice:
        console.note(notice)
    if arguments.name is None:
        rows = [("name", "value", "unit", "meaning")]
        rows += [_row(settings, row) for row in fields(Settings)]
        for line in table(rows):
            console.print(line)
        return 0
    row = _field(arguments.name)
    if arguments.value is None:
        name, value, unit, meaning = _row(settings, row)
        console.print(f"{name} = {plain(value)} {unit}".rstrip())
        console.print(f"  {meaning}")
        return 0
    if not paths.root.is_dir():
        raise BadRequest(
            "There is no library here yet.",
            operation=_OPERATION,
            path=paths.root,
            hint=f"Make one: {command_line(arguments, 'add FOLDER')}",
        )
    if row.name in _MODELS:
        raise BadRequest(
            f"The setting {row.name} is not changed by hand: other models have to look at all "
            "photos first.",
            operation=_OPERATION,
            hint=f"Run: {command_line(arguments, 'profile use NAME')}",
        )
    settings_file.save(paths.settings, _changed(settings, row, arguments.value))
    name, value, unit, _ = _row(settings_file.load(paths.settings)[0], row)
    console.print(f"{name} = {plain(value)} {unit}".rstrip())
    when = "with its next search" if row.name.startswith("second_look") else "at its next start"
    console.note(f"A Pickout that has this library open takes it over {when}.")
    return 0


def _row(settings: Settings, row: Field[Any]) -> tuple[str, str, str, str]:
    value = getattr(settings, row.name)
    shown = f"{value:g}" if isinstance(value, float) else str(value) or "''"
    return row.name, shown, row.metadata["unit"], row.metadata["help"]


def _field(name: str) -> Field[Any]:
    for row in fields(Settings):
        if row.name == name:
            return row
    raise BadRequest(
        f"There is no setting called {name}.",
        operation=_OPERATION,
        hint=f"Choose one of: {', '.join(row.name for row in fields(Settings))}.",
    )


def _changed(settings: Settings, row: Field[Any], text: str) -> Settings:
    """The settings with a new value for one field.

    Raises:
        BadRequest: the value has the wrong type, is out of range, or names a model that is not
            installed.
    """
    try:
        # By the type of the default, because the annotations of the fields are strings.
        value_type: type = type(row.default)
        changed = replace(settings, **{row.name: value_type(text)})
    except ValueError as error:
        raise BadRequest(
            f"{plain(text)!r} cannot be the value of {row.name}.",
            operation=_OPERATION,
            hint=f"Give {_range(row)}.",
        ) from error
    if row.name == "second_look_picture_px":
        _require_side(changed.second_look_picture_px)
    if row.name == "second_look_model" and changed.second_look_model:
        _require_model(changed.second_look_model)
    return changed


def _range(row: Field[Any]) -> str:
    kind = {int: "a whole number", float: "a number"}.get(type(row.default), "a text")
    low, high = row.metadata["low"], row.metadata["high"]
    return kind if low is None else f"{kind} from {low:g} to {high:g}"


def _require_side(side_px: int) -> None:
    from engine.reranking.letterbox import SIDES_PX

    if side_px not in (0, *SIDES_PX):
        raise BadRequest(
            f"A picture of {side_px} pixels is none that models are shown.",
            operation=_OPERATION,
            hint=f"Choose one of: 0, {', '.join(map(str, SIDES_PX))}.",
        )


def _require_model(name: str) -> None:
    from engine.reranking import model_selection
    from engine.weights.model_store import ModelStore

    model_store = ModelStore()
    if (
        model_store.catalogue.find(name).role != model_selection.ROLE
        or model_store.find(name) is None
    ):
        installed = [
            one.entry.name
            for one in model_store.installed()
            if one.entry.role == model_selection.ROLE
        ]
        raise BadRequest(
            f"No language model called {name} is installed.",
            operation=_OPERATION,
            hint=f"Choose one of: {', '.join(installed)}."
            if installed
            else "See “pickout-cli models list” for those that can be had.",
        )
