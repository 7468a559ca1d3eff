"""What the middle of the window shows when there is no grid to show."""

from __future__ import annotations

from dataclasses import dataclass

from desktop_app import text
from engine.records import IndexingState, LibraryStatus


@dataclass(frozen=True)
class Message:
    """Words for the message page; ``action`` names what its button does."""

    title: str
    body: str = ""
    icon: str = "photos"
    button: str = ""
    action: str = ""
    progress: tuple[int, int] | None = None


def empty_library(status: LibraryStatus) -> Message | None:
    """The page for a library with folders but without a single searchable photo; None if it has."""
    if status.searchable > 0 or not status.folders:
        return None
    if not any(folder.online for folder in status.folders):
        return Message(text.ALL_OFFLINE_TITLE, text.ALL_OFFLINE_BODY, "folder-offline")
    if status.pending > 0:
        if status.indexing is IndexingState.PAUSED:
            return Message(
                text.PAUSED_TITLE, text.PAUSED_BODY, "pause", text.RESUME, action="resume"
            )
        done = status.photos - status.pending
        return Message(
            text.NOT_YET_TITLE, text.NOT_YET_BODY, "search", progress=(done, status.photos)
        )
    if status.problems > 0:
        return Message(
            text.ONLY_PROBLEMS_TITLE, "", "problem", text.SHOW_PROBLEMS, action="problems"
        )
    if status.indexing is IndexingState.RUNNING:
        return Message(text.RESCANNING, "", "search", progress=(0, 0))
    return Message(text.NO_PHOTOS_TITLE, text.NO_PHOTOS_BODY, "folder")


def nothing_found(query: str, pending: int, *, alike: bool, note: str = "") -> Message:
    """The page for a search without a single hit, not even a bad one.

    Args:
        note: what the search itself has to say about it.
    """
    if alike:
        return Message(text.NOT_ALIKE, "", "alike", text.ALL_PHOTOS, action="photos")
    body = f"{note}\n{text.NO_HIT_BODY}".strip()
    if pending:
        body = f"{body}\n{text.NO_HIT_WAITING.format(pending=text.number(pending))}"
    return Message(text.NO_HIT.format(query=query), body, "search")
