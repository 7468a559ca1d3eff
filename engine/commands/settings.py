"""``settings``: shows the settings of a library with their meaning, or changes one."""

from __future__ import annotations

import argparse
from dataclasses import Field, fields
from typing import Any

from engine import settings as settings_file
from engine.commands.terminal.console import HOW_TO_GET_MODELS, Console, plain, table
from engine.commands.terminal.library_access import command_line, library_dir
from engine.errors import BadRequest
from engine.library import setting_values
from engine.paths import LibraryPaths
from engine.settings import Settings

SUMMARY = "all settings with their meaning, one of them, or a new value for it"


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
    row = setting_values.setting(arguments.name)
    if arguments.value is None:
        name, value, unit, meaning = _row(settings, row)
        console.print(f"{name} = {plain(value)} {unit}".rstrip())
        console.print(f"  {meaning}")
        return 0
    if not paths.root.is_dir():
        raise BadRequest(
            "There is no library here yet.",
            operation=setting_values.OPERATION,
            path=paths.root,
            hint=f"Make one: {command_line(arguments, 'add FOLDER')}",
        )
    if row.name in settings_file.CHANGED_BY_PROFILE:
        raise BadRequest(
            f"The setting {row.name} is not changed by hand: other models have to look at all "
            "photos first.",
            operation=setting_values.OPERATION,
            hint=f"Run: {command_line(arguments, 'profile use NAME')}",
        )
    try:
        changed = _changed(settings, row, arguments.value)
    except BadRequest:
        if row.name == "second_look_model":
            console.note(HOW_TO_GET_MODELS)
        raise
    settings_file.save(paths.settings, changed)
    name, value, unit, _ = _row(settings_file.load(paths.settings)[0], row)
    console.print(f"{name} = {plain(value)} {unit}".rstrip())
    when = settings_file.takes_effect(row.name)
    console.note(f"A Pickout that has this library open takes it over {when}.")
    return 0


def _row(settings: Settings, row: Field[Any]) -> tuple[str, str, str, str]:
    value = getattr(settings, row.name)
    shown = f"{value:g}" if isinstance(value, float) else str(value) or "''"
    return row.name, shown, row.metadata["unit"], row.metadata["help"]


def _changed(settings: Settings, row: Field[Any], text: str) -> Settings:
    """The settings with a new value for one field.

    Raises:
        BadRequest: the value has the wrong type, is out of range, or names a model that is not
            installed.
    """
    try:
        # By the type of the default, because the annotations of the fields are strings.
        value_type: type = type(row.default)
        value = value_type(text)
    except ValueError as error:
        raise BadRequest(
            f"{plain(text)!r} cannot be the value of {row.name}.",
            operation=setting_values.OPERATION,
            hint=f"Give {setting_values.range_text(row)}.",
        ) from error
    return setting_values.changed(settings, {row.name: value})
