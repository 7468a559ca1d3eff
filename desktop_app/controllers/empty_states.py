"""Messages shown in the middle of the window instead of an empty grid."""

from __future__ import annotations

from dataclasses import dataclass

from desktop_app.text import formatting, library_text, search_text, window_text
from engine.records import IndexingState, LibraryStatus


@dataclass(frozen=True)
class Message:
    """Content of the message page.

    Attributes:
        icon: file name in ``resources/icons``, without suffix.
        button: its label; empty for no button.
        action: name of the action that the button triggers.
        progress: done and total; total 0 for an unknown total; None for no progress bar.
    """

    title: str
    body: str = ""
    icon: str = "photos"
    button: str = ""
    action: str = ""
    progress: tuple[int, int] | None = None


def empty_library(status: LibraryStatus) -> Message | None:
    """The message for a library that has folders but no searchable photo; None for others."""
    if status.searchable > 0 or not status.folders:
        return None
    if not any(folder.online for folder in status.folders):
        return Message(
            window_text.ALL_OFFLINE_TITLE, window_text.ALL_OFFLINE_BODY, "folder-offline"
        )
    if status.pending > 0:
        if status.indexing is IndexingState.PAUSED:
            return Message(
                window_text.PAUSED_TITLE,
                window_text.PAUSED_BODY,
                "pause",
                library_text.RESUME,
                action="resume",
            )
        done = status.photos - status.pending
        return Message(
            window_text.NOT_YET_TITLE,
            window_text.NOT_YET_BODY,
            "search",
            progress=(done, status.photos),
        )
    if status.problems > 0:
        return Message(
            window_text.ONLY_PROBLEMS_TITLE,
            "",
            "problem",
            window_text.SHOW_PROBLEMS,
            action="problems",
        )
    if status.indexing is IndexingState.RUNNING:
        return Message(library_text.RESCANNING, "", "search", progress=(0, 0))
    return Message(window_text.NO_PHOTOS_TITLE, window_text.NO_PHOTOS_BODY, "folder")


def nothing_found(query: str, pending: int, *, similar: bool, note: str = "") -> Message:
    """The message for a search without any hit.

    Args:
        pending: photos that are not searchable yet.
        similar: the query is a region, not words.
        note: the note of the search result.
    """
    if similar:
        return Message(
            search_text.NOTHING_SIMILAR, "", "alike", search_text.ALL_PHOTOS, action="photos"
        )
    body = f"{note}\n{search_text.NO_HIT_BODY}".strip()
    if pending:
        body = f"{body}\n{search_text.NO_HIT_WAITING.format(pending=formatting.number(pending))}"
    return Message(search_text.NO_HIT.format(query=query), body, "search")
