"""Texts of the selection bar and of the export dialog."""

from __future__ import annotations

from collections.abc import Sequence

from desktop_app.text.formatting import count, duration, number, photos
from engine.jobs import Progress
from engine.records import ExistingFiles, ExportKind, ExportPreview, ExportSummary

# -- selection ------------------------------------------------------------------------------------
EXPORT = "Export…"
COPY_PATHS = "Copy paths"
SELECT_ALL = "Select all"
SELECT_NONE = "Select none"
NOTHING_SELECTED = "Select the photos to export first; Ctrl+A selects all."

# -- dialog ---------------------------------------------------------------------------------------
TITLE = "Export {photos}"
WHAT = "What"
KINDS = {
    ExportKind.CUTOUT: "Cut-outs of the things found (PNG, transparent)",
    ExportKind.FINE_CUTOUT: "Cut-outs with fine edges, for hair and fur (PNG, slower)",
    ExportKind.MASK: "Masks of the things found (PNG, black and white)",
    ExportKind.OVERLAY: "Photos with the thing lit and outlined (JPEG)",
    ExportKind.ORIGINAL: "Copies of the photos as they are",
    ExportKind.COCO: "One list of all outlines (COCO, JSON)",
    ExportKind.CSV: "One table of all hits (CSV)",
}
WHERE = "Where"
CHOOSE = "Choose…"
CHOOSE_NAME = "Choose the folder to export into"
NAMES = "Names"
NAMES_NAME = "Pattern of the names"
PARTS = "Parts: {parts}"
EXISTING = "Files that are there already"
EXISTING_CHOICES = {
    ExistingFiles.KEEP: "stay as they are",
    ExistingFiles.NUMBER: "stay; new ones get a number",
    ExistingFiles.REPLACE: "are replaced",
}
PREVIEW = "Preview"
MORE = "and {count} more"
START = "Export"
STOP = "Stop"
CLOSE = "Close"
SHOW = "Show in folder"
NO_KIND = "Choose at least one thing to export."
STOPPED = "Stopped. What was written is complete and stays."
THERE_STAY = "{files} are there already and stay."
THERE_REPLACED = "{files} are there already and will be replaced."
ONE_THERE_STAYS = "One file is there already and stays."
ONE_THERE_REPLACED = "One file is there already and will be replaced."


def selected(value: int, *, all_so_far: bool = False) -> str:
    """How many photos are selected.

    Args:
        all_so_far: these are all that the grid has read, and there are more.
    """
    words = f"{photos(value)} selected"
    return f"{words}, all that were shown so far" if all_so_far else words


def existing(preview: ExportPreview, choice: ExistingFiles) -> str:
    """What happens to the files that are there; empty if there are none."""
    if not preview.existing:
        return ""
    replaced = choice is ExistingFiles.REPLACE
    if preview.existing == 1:
        return ONE_THERE_REPLACED if replaced else ONE_THERE_STAYS
    words = THERE_REPLACED if replaced else THERE_STAY
    return words.format(files=count(preview.existing, "file"))


def progress(value: Progress, done_before: int, total: int) -> str:
    """How far an export of several kinds is.

    Args:
        done_before: photos of the kinds that are done.
        total: photos of all kinds.
    """
    parts = [f"{number(done_before + value.done)} of {number(total)}"]
    if value.seconds_left is not None:
        parts.append(f"{duration(value.seconds_left)} left")
    if value.current:
        parts.append(value.current)
    return " · ".join(parts)


def summary(values: Sequence[ExportSummary]) -> str:
    """What an export has done."""
    written = sum(len(value.written) for value in values)
    kept = sum(len(value.kept) for value in values)
    problems = [problem for value in values for problem in value.problems]
    parts = [f"{count(written, 'file')} written."]
    if kept:
        parts.append(f"{count(kept, 'file')} there already, left as before.")
    if problems:
        reason = problems[0].message
        parts.append(f"{count(len(problems), 'file')} not written: {reason}")
    return " ".join(parts)
