"""Checks new values of settings beyond their type and range."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, fields, replace
from typing import Any

from engine.errors import BadRequest
from engine.settings import CHANGED_BY_PROFILE, Settings

OPERATION = "changing the settings"


def changed(settings: Settings, values: Mapping[str, Any]) -> Settings:
    """The settings with new values.

    Raises:
        BadRequest: there is no such setting, its value has the wrong type, is out of range or
            names a model that is not installed, or another profile is to be chosen this way.
    """
    for name in values:
        row = setting(name)
        if name in CHANGED_BY_PROFILE:
            raise BadRequest(
                f"The setting {name} is not changed by hand: other models have to look at all "
                "photos first.",
                operation=OPERATION,
                hint="Change the models instead.",
            )
        try:
            settings = replace(settings, **{name: values[name]})
        except ValueError as error:
            raise BadRequest(
                f"{values[name]!r} cannot be the value of {name}.",
                operation=OPERATION,
                hint=f"Give {range_text(row)}.",
            ) from error
    if values.get("second_look_model"):
        _require_model(settings.second_look_model)
    return settings


def setting(name: str) -> Field[Any]:
    """The declaration of a setting.

    Raises:
        BadRequest: there is none of this name.
    """
    for row in fields(Settings):
        if row.name == name:
            return row
    raise BadRequest(
        f"There is no setting called {name}.",
        operation=OPERATION,
        hint=f"Choose one of: {', '.join(row.name for row in fields(Settings))}.",
    )


def range_text(row: Field[Any]) -> str:
    """What values a setting can have."""
    if choices := row.metadata["choices"]:
        return f"one of: {', '.join(map(str, choices))}"
    kind = {int: "a whole number", float: "a number"}.get(type(row.default), "a text")
    low, high = row.metadata["low"], row.metadata["high"]
    return kind if low is None else f"{kind} from {low:g} to {high:g}"


def _require_model(name: str) -> None:
    from engine.reranking import model_selection
    from engine.weights.model_store import ModelStore

    model_store = ModelStore()
    entry = next((e for e in model_store.catalogue.entries if e.name == name), None)
    known = entry is not None and entry.role == model_selection.ROLE
    if not known or model_store.find(name) is None:
        installed = [
            one.entry.name
            for one in model_store.installed()
            if one.entry.role == model_selection.ROLE
        ]
        raise BadRequest(
            f"No language model called {name} is installed.",
            operation=OPERATION,
            hint=f"Choose one of: {', '.join(installed)}." if installed else "Download one first.",
        )
