"""Texts of the settings page."""

from __future__ import annotations

from dataclasses import Field
from typing import Any

from engine.settings import takes_effect

SETTINGS = "Settings"
FIND = "Find a setting"
NONE_FOUND = "No setting has “{words}” in its name or description."
RESET = "Default: {value}"
RESET_NAME = "Set {title} to its default, {value}"
BEST_MODEL = "The best installed one"
SPECIAL: dict[str, dict[Any, str]] = {
    "workers": {0: "automatic"},
    "battery_percent": {0: "never"},
    "busy_percent": {0: "never"},
    "second_look_gpu_layers": {-1: "all"},
    "second_look_threads": {0: "automatic"},
    "second_look_picture_px": {0: "automatic"},
    "second_look_model": {"": BEST_MODEL},
}
"""Name of a setting -> words for values that stand for something else."""
WHEN = "It takes effect {when}."


def value_text(row: Field[Any], value: Any) -> str:
    """A value with its unit."""
    words = SPECIAL.get(row.name, {}).get(value)
    if words is not None:
        return words
    number = f"{value:g}" if isinstance(value, float) else str(value)
    return f"{number} {row.metadata['unit']}".strip()


def when(name: str) -> str:
    """When a changed setting takes effect."""
    return WHEN.format(when=takes_effect(name))
