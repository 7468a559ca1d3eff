"""The settings of a library, and the file that stores them."""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from engine.errors import BadRequest, DiskFull

log = logging.getLogger(__name__)

SCHEMA_VERSION = 1
GENERAL, SECOND_LOOK = "Looking at photos", "Second look (Verified)"
"""Groups of settings."""
CHANGED_BY_PROFILE = ("profile", "next_profile")
"""Not changed as settings: another profile takes effect only once it has indexed all photos."""
_AT_ONCE = ("battery_percent", "busy_percent")
"""Read again each time that they are needed."""


def _setting(
    default: Any,
    help_text: str,
    *,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    reindexes: bool = False,
    title: str = "",
    group: str = GENERAL,
    choices: tuple[int, ...] = (),
) -> Any:
    """Declare one setting: its default, and the metadata for a form that shows it.

    Args:
        default: default value; its type is the type of the setting.
        help_text: description for the user.
        unit: unit of the value, for the user.
        low: smallest valid value; None for no limit.
        high: largest valid value.
        reindexes: whether a change indexes all photos again.
        title: its name for the user; empty for the name of the field in words.
        group: heading that it is listed under.
        choices: all valid values; empty for every value of the range.
    """
    meta: dict[str, Any] = {
        "help": help_text,
        "unit": unit,
        "low": low,
        "high": high,
        "reindexes": reindexes,
    }
    meta |= {"title": title, "group": group, "choices": choices}
    return field(default=default, metadata=meta)


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings; the metadata of each field describes it to the user.

    Raises:
        ValueError: if a value has the wrong type or lies outside its range.
    """

    profile: str = _setting(
        "starter",
        "The models that look at the photos. Changing them looks at every photo again.",
        reindexes=True,
    )
    next_profile: str = _setting(
        "",
        "The models a library is being changed to; they answer once they have looked at every "
        "photo. Empty if no change is under way.",
    )
    workers: int = _setting(
        0,
        "Photos looked at side by side; 0 for what suits this computer. Each takes about 0.8 GB of "
        "memory.",
        unit="processes",
        low=0,
        high=16,
        title="Photos looked at side by side",
    )
    battery_percent: int = _setting(
        20,
        "New photos wait while the computer runs on a battery with less charge than this; 0 never, "
        "100 always without mains power.",
        unit="percent",
        low=0,
        high=100,
        title="Wait for mains power below",
    )
    busy_percent: int = _setting(
        0,
        "New photos wait while other programs use more of the processor than this; 0 never.",
        unit="percent",
        low=0,
        high=100,
        title="Wait while other programs use more than",
    )
    photo_time_limit_s: float = _setting(
        120.0,
        "A photo that takes longer than this is given up and listed as a problem.",
        unit="seconds",
        low=5,
        high=3600,
        title="Time limit for a photo",
    )
    second_look_model: str = _setting(
        "",
        "The language model that looks at the first hits again; empty for the best installed one "
        "that this computer has the memory for.",
        title="Language model",
        group=SECOND_LOOK,
    )
    second_look_gpu_layers: int = _setting(
        -1,
        "Layers of it that run on the graphics card; -1 for all, where one can be used.",
        unit="layers",
        low=-1,
        high=1000,
        title="Layers on the graphics card",
        group=SECOND_LOOK,
    )
    second_look_threads: int = _setting(
        0,
        "Processor threads it may use; 0 for all cores but one.",
        unit="threads",
        low=0,
        high=256,
        title="Processor threads",
        group=SECOND_LOOK,
    )
    second_look_picture_px: int = _setting(
        0,
        "Side of the square picture it is shown of a photo: 448, 672 or 896; 0 for 896 on a "
        "graphics card and 448 on a processor. Larger ones show it smaller things and take longer.",
        unit="pixels",
        low=0,
        high=896,
        title="Size of the picture it is shown",
        group=SECOND_LOOK,
        choices=(0, 448, 672, 896),
    )
    second_look_time_limit_s: float = _setting(
        180.0,
        "A photo that it has not answered of after this is left without a verdict.",
        unit="seconds",
        low=5,
        high=3600,
        title="Time limit for an answer",
        group=SECOND_LOOK,
    )
    second_look_idle_minutes: float = _setting(
        10.0,
        "It gives its memory back when nothing was asked of it for so long.",
        unit="minutes",
        low=0.05,
        high=24 * 60,
        title="Give its memory back after",
        group=SECOND_LOOK,
    )
    rescan_minutes: float = _setting(
        60.0,
        "How often watched folders are compared with the library, because systems lose events.",
        unit="minutes",
        low=1,
        high=24 * 60,
        title="Compare folders with the library every",
    )

    def __post_init__(self) -> None:
        for row in fields(self):
            value, kind = getattr(self, row.name), type(row.default)
            accepted = (int, float) if kind is float else (kind,)
            if isinstance(value, bool) or not isinstance(value, accepted):
                raise ValueError(f"expected {row.name} to be a {kind.__name__}, got {value!r}")
            low, high = row.metadata["low"], row.metadata["high"]
            if low is not None and not low <= value <= high:
                raise ValueError(f"expected {row.name} within {low}..{high}, got {value!r}")
            choices = row.metadata["choices"]
            if choices and value not in choices:
                raise ValueError(f"expected {row.name} to be one of {choices}, got {value!r}")


def title(row: Field[Any]) -> str:
    """The name of a setting for the user.

    >>> title(next(row for row in fields(Settings) if row.name == "workers"))
    'Photos looked at side by side'
    """
    return row.metadata["title"] or row.name.replace("_", " ").capitalize()


def takes_effect(name: str) -> str:
    """When a Pickout that has the library open takes a new value over."""
    if name in _AT_ONCE:
        return "at once"
    return "with the next search" if name.startswith("second_look") else "at the next start"


def load(path: Path) -> tuple[Settings, str]:
    """Load settings; returns them and a notice for the user, empty if there is no problem.

    A missing file means defaults. An unusable file is renamed to ``*.broken``, not deleted. Unknown
    names are ignored, so the file of a newer version works.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Settings(), ""
    except (OSError, UnicodeDecodeError) as error:
        return Settings(), _rename_broken_file(path, str(error))
    try:
        document = json.loads(text)
        if not isinstance(document, Mapping):
            raise ValueError(f"expected a table of settings, got {type(document).__name__}")
        known = {row.name for row in fields(Settings)}
        return Settings(**{k: v for k, v in document.items() if k in known}), ""
    except ValueError as error:
        return Settings(), _rename_broken_file(path, str(error))


def save(path: Path, settings: Settings) -> None:
    """Write the file atomically: if the process is killed, the old or the new file remains.

    Raises:
        DiskFull: there is no space left.
        BadRequest: the file cannot be written for another reason.
    """
    document: dict[str, Any] = {"schema_version": SCHEMA_VERSION}
    document |= {row.name: getattr(settings, row.name) for row in fields(settings)}
    temporary = path.with_suffix(".new")
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        kind = DiskFull if error.errno == errno.ENOSPC else BadRequest
        raise kind(
            f"The settings could not be saved ({error.strerror}).",
            operation="saving the settings",
            path=path,
        ) from error


def _rename_broken_file(path: Path, reason: str) -> str:
    """Rename an unusable file to ``*.broken``; returns the notice for the user."""
    with contextlib.suppress(OSError):
        os.replace(path, path.with_suffix(".broken"))
    log.info("settings put aside: %s", reason)
    return "The settings file could not be read; the defaults are in use."
