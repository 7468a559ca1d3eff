"""Texts of the window as a whole: first run, empty pages, dialogs, shortcuts."""

from __future__ import annotations

from datetime import datetime

from desktop_app.text import formatting
from engine.records import Backup, RestoreReport

APP_NAME = "Pickout"

# -- first run and empty pages --------------------------------------------------------------------
OPENING_TITLE = "Opening your library"
OPENING_BODY = "This takes a moment."
FIRST_RUN_TITLE = "Find things in your own photos"
FIRST_RUN_BODY = (
    "Add a folder. Pickout looks at every photo once, then finds the things you describe, "
    "outlines them, and cuts them out."
)
FIRST_RUN_PRIVACY = "Everything happens on this computer. No photo ever leaves it."
ADD_FOLDER = "Add a folder"
ADD_FOLDER_DOTS = "Add a folder…"
TRY_SAMPLES = "Try the sample photos"
DROP_HINT = "Drop the folder here to add it"
NOT_YET_TITLE = "Looking at your photos"
NOT_YET_BODY = "The first ones can be searched in a moment."
PAUSED_TITLE = "Paused"
PAUSED_BODY = "No photo has been looked at yet. Press Resume to begin."
NO_PHOTOS_TITLE = "No photos here yet"
NO_PHOTOS_BODY = (
    "The folders you added hold no photos that Pickout can read. New ones appear by themselves."
)
ALL_OFFLINE_TITLE = "Your folders are offline"
ALL_OFFLINE_BODY = "Connect the drive they are on. Nothing has been forgotten."
ONLY_PROBLEMS_TITLE = "None of these photos could be read"
SHOW_PROBLEMS = "Show problems"
STARTER_NOTICE = "Answers come from the small built-in models, and they make mistakes."
BETTER_MODELS = "Better models"
DISMISS = "Dismiss"

# -- dialogs --------------------------------------------------------------------------------------
CLOSE = "Close"
TRY_AGAIN = "Try again"
QUIT = "Quit"
CANNOT_OPEN = "Your library cannot be opened"
DAMAGED = "Your library is damaged"
RESTORE = "Restore"
SALVAGE = "Save what can be read"
RESTORED = "Your library is restored"
SOMETHING_WRONG = "Something went wrong"
SOMETHING_WRONG_BODY = (
    "Pickout made a mistake. Your photos are safe. You can go on working; if it happens again, "
    "restart Pickout.\n\nDetails are in the log."
)
SHORTCUTS_TITLE = "Shortcuts"


def restore_offer(backup: Backup | None) -> str:
    """What restoring would do; without a backup, what can be read is saved."""
    if backup is None:
        source = "There is no backup of it, but what can still be read can be saved."
    else:
        made = datetime.fromisoformat(backup.made_at).astimezone()
        source = f"There is a backup of {made:%d %B %Y, %H:%M}."
    return f"{source} The damaged library is kept, and no photo is touched."


def restored(report: RestoreReport) -> str:
    """What a restored library holds."""
    folders = formatting.count(report.folders, "folder")
    lines = [f"It has {folders} and {formatting.photos(report.photos)}."]
    if report.to_index:
        lines.append(f"{formatting.photos(report.to_index)} will be looked at again.")
    if report.restore_point is not None:
        lines.append(f"As it was before, it is kept here:\n{report.restore_point}")
    return "\n\n".join(lines)
