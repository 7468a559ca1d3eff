"""Texts about the library: sidebar, folders, status line, problems."""

from __future__ import annotations

from desktop_app.text.formatting import count, duration, file_name, number, photos, whole_path
from engine.records import Folder, IndexingState, LibraryStatus

# -- sidebar --------------------------------------------------------------------------------------
LIBRARY = "Library"
FOLDERS = "Folders"
RECENT = "Recent searches"
PROBLEMS = "Problems"
REMOVE_FOLDER = "Remove from Pickout…"
RESCAN = "Look for new photos"
OPEN_FOLDER = "Show in file manager"
FOLDER_ACTIONS = "Actions for {name}"
COPY_PATH = "Copy path"
PATHS_COPIED = ("Path copied", "Paths copied")
CLEAR_RECENT = "Clear recent searches"
REMOVE_TITLE = "Remove “{name}” from Pickout?"
REMOVE_BODY = (
    "Pickout forgets what it found in {count} below this folder and cannot search them "
    "until the folder is added again.\n\nNo photo is deleted, moved or changed."
)
REMOVE_YES = "Remove folder"
CANCEL = "Cancel"
CHOOSE_FOLDER = "Choose a folder with photos"
RESCANNING = "Looking for new photos"
FOLDER_ADDED = "Added {name}"
FOLDER_REMOVED = "Removed {name}. Its photos were not touched."
DROP_NOT_FOLDER = "Only folders can be added. Drop the folder that holds these photos."
SAMPLES_MISSING = "The sample photos are not installed."
SAMPLES_MISSING_HINT = "Add a folder of your own instead."

WAIT_FOR_DRIVE = "Wait for the drive"
REALLY_GONE = "The photos are really gone"
BELIEVED = "Pickout keeps what it found in them for 30 days, in case they come back."

# -- status line ----------------------------------------------------------------------------------
PAUSE = "Pause"
RESUME = "Resume"
PAUSE_NAME = "Pause looking at photos"
RESUME_NAME = "Resume looking at photos"
TOGGLE_SIDEBAR = "Show or hide the library (F9)"
TOGGLE_INSPECTOR = "Show or hide the inspector (F10)"
SHORTCUTS_HINT = "All shortcuts (?)"

# -- problems -------------------------------------------------------------------------------------
PROBLEMS_TITLE = "Problems"
PROBLEMS_BODY = "These files could not be read. They were left as they are."
NO_PROBLEMS = "No problems. Every photo could be read."
RETRY_ALL = "Try all again"
RETRY_SELECTED = "Try selected again"
PROBLEM_COLUMNS = ("File", "Reason", "What you can do")
PROBLEM_HINTS = {
    "unreadable": "Open it in another program. If that fails too, restore it from a backup.",
    "too-large": "Save a smaller copy of it.",
    "missing": "Connect the drive it is on, or put the file back.",
    "timed-out": "Try it again when the computer is less busy.",
    "crashed": "Try it again. If it fails each time, save it anew with another program.",
}
PROBLEM_HINT = "Try it again."
RETRIED = "{count} will be tried again"


def folder_state(folder: Folder) -> str:
    """The second line of a folder in the sidebar."""
    if folder.lacking:
        return f"Offline · {number(folder.lacking)} of {number(folder.photos)} not there"
    if not folder.online:
        return f"Offline · {photos(folder.searchable)} kept"
    if folder.photos == 0:
        return "No photos yet"
    if folder.searchable >= folder.photos:
        return f"All {number(folder.photos)} searchable"
    return f"{number(folder.searchable)} of {number(folder.photos)} searchable"


def folder_tip(folder: Folder) -> str:
    """Where a folder is, and what in it is not read."""
    if not folder.unread:
        return whole_path(folder.path)
    return f"{whole_path(folder.path)}\nNot read: {folder.unread_words}"


def lacking_question(folder: Folder) -> str:
    """What is asked about a folder that lacks photos."""
    verb = "is" if folder.lacking == 1 else "are"
    name = file_name(folder.path)
    return (
        f"{number(folder.lacking)} of {photos(folder.photos)} in “{name}” {verb} not "
        "there. Is the drive not connected, or another one? Nothing was removed."
    )


def status_line(status: LibraryStatus) -> str:
    """The text of the status line: photos searchable, throughput, time left, problems."""
    if status.photos == 0:
        return "No photos yet" if not status.note else status.note
    if status.searchable >= status.photos:
        parts = [f"All {photos(status.photos)} searchable"]
    else:
        parts = [f"{number(status.searchable)} of {number(status.photos)} photos searchable"]
    first = status.pending == 0 and status.full.waiting
    if first:
        parts.append(f"{number(status.full.waiting)} to outline")
    working = status.pending or status.full.waiting
    if status.indexing is IndexingState.PAUSED and working:
        parts.append("paused")
    elif status.indexing is IndexingState.RUNNING and working:
        if status.photos_per_s:
            parts.append(f"{status.photos_per_s:.1f}/s")
        if status.seconds_left is not None:
            parts.append(f"{duration(status.seconds_left)} left")
    unoutlined = status.searchable - status.outlined
    if not first and status.full.waiting and unoutlined:
        parts.append(f"then {number(status.full.waiting)} to outline")
    if status.change is not None:
        done = int(100 * status.change.done)
        parts.append(f"answering with {status.profile}; {status.change.profile} {done} %")
        running = status.indexing is IndexingState.RUNNING
        if running and not working and status.seconds_left is not None:
            parts.append(f"{duration(status.seconds_left)} left")
    if status.problems:
        parts.append(count(status.problems, "problem"))
    if status.note:
        parts.append(status.note)
    return " · ".join(parts)
