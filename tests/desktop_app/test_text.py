"""Sentences with numbers in them."""

from __future__ import annotations

import doctest
from dataclasses import replace
from pathlib import Path

import pytest

from desktop_app.controllers import empty_states
from desktop_app.text import formatting, library_text, photo_text, search_text, window_text
from engine.records import (
    Folder,
    FolderId,
    IndexingState,
    LibraryStatus,
    PassStatus,
    Photo,
    PhotoId,
    ProfileChange,
    RegionId,
    SearchHit,
    SearchRequest,
    SearchResult,
)

RUNNING = LibraryStatus(
    profile="starter",
    photos=12_480,
    searchable=3_214,
    pending=9_266,
    problems=0,
    regions=0,
    folders=(Folder(FolderId(1), Path("/p"), True, 12_480, 3_214),),
    indexing=IndexingState.RUNNING,
    photos_per_s=1.6,
    seconds_left=5_700.0,
)


@pytest.mark.parametrize("module", [formatting, photo_text])
def test_examples_in_the_docstrings_hold(module):
    results = doctest.testmod(module)
    assert results.attempted > 0
    assert results.failed == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "3,214 of 12,480 photos searchable · 1.6/s · about 1 h 35 min left"),
        (
            {"indexing": IndexingState.PAUSED},
            "3,214 of 12,480 photos searchable · paused",
        ),
        (
            {"outlined": 14, "full": PassStatus(12_466), "photos_per_s": 12.0, "seconds_left": 780},
            (
                "3,214 of 12,480 photos searchable · 12.0/s · about 13 min left"
                " · then 12,466 to outline"
            ),
        ),
        (
            {"searchable": 12_480, "pending": 0, "outlined": 3_214, "full": PassStatus(9_266)},
            "All 12,480 photos searchable · 9,266 to outline · 1.6/s · about 1 h 35 min left",
        ),
        (
            {
                "searchable": 12_480,
                "pending": 0,
                "full": PassStatus(12_480),
                "indexing": IndexingState.PAUSED,
            },
            "All 12,480 photos searchable · 12,480 to outline · paused",
        ),
        (
            {"searchable": 12_479, "pending": 0, "problems": 1, "indexing": IndexingState.IDLE},
            "12,479 of 12,480 photos searchable · 1 problem",
        ),
        (
            {"searchable": 12_480, "pending": 0, "indexing": IndexingState.IDLE},
            "All 12,480 photos searchable",
        ),
        (
            {
                "searchable": 12_480,
                "pending": 0,
                "profile": "starter",
                "change": ProfileChange("full", 12_480, 12_480, 4_617, 0.37, PassStatus(7_863)),
            },
            (
                "All 12,480 photos searchable · answering with starter; full 37 %"
                " · about 1 h 35 min left"
            ),
        ),
        (
            {"searchable": 1, "photos": 1, "pending": 0, "indexing": IndexingState.IDLE},
            "All 1 photo searchable",
        ),
    ],
)
def test_status_line(changes, words):
    assert library_text.status_line(replace(RUNNING, **changes)) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (3, "less than a minute"),
        (70, "about 1 min"),
        (3600, "about 1 h"),
        (400_000, "about 5 days"),
    ],
)
def test_durations(seconds, words):
    assert formatting.duration(seconds) == words


@pytest.mark.parametrize(
    "query", ["../../etc/passwd", "a/b\\c", "CON", "x" * 300, "\u202eevil", "", "\n\t", "…"]
)
def test_a_proposed_name_is_a_plain_file_name(query):
    name = photo_text.saved_name(query, Photo(PhotoId(1), Path("/p/IMG 1.jpg"), (4, 3)))
    assert name.endswith(".png") and 5 <= len(name) <= 90
    assert not set(name) & set('/\\:*?"<>|\n\t\0')
    assert name.startswith("IMG 1")


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({"searchable": 0, "pending": 12_480}, window_text.NOT_YET_TITLE),
        (
            {"searchable": 0, "pending": 5, "indexing": IndexingState.PAUSED},
            window_text.PAUSED_TITLE,
        ),
        (
            {"searchable": 0, "photos": 3, "pending": 0, "problems": 3},
            window_text.ONLY_PROBLEMS_TITLE,
        ),
        (
            {"searchable": 0, "photos": 0, "pending": 0, "indexing": IndexingState.IDLE},
            window_text.NO_PHOTOS_TITLE,
        ),
        ({"searchable": 0, "photos": 0, "pending": 0}, library_text.RESCANNING),
    ],
)
def test_a_library_without_searchable_photos_says_why(changes, title):
    assert empty_states.empty_library(replace(RUNNING, **changes)).title == title


def test_offline_folders_come_before_other_messages():
    offline = replace(RUNNING.folders[0], online=False)
    message = empty_states.empty_library(replace(RUNNING, searchable=0, folders=(offline,)))
    assert message.title == window_text.ALL_OFFLINE_TITLE


def test_a_library_with_searchable_photos_needs_no_page():
    assert empty_states.empty_library(RUNNING) is None


def reranking_result(hits: int = 120, **changes) -> SearchResult:
    """A result while the first eight hits are being reranked."""
    photo = Photo(PhotoId(1), Path("/p/1.jpg"), (4, 3))
    result = SearchResult(
        SearchRequest(text="dog", verify=8),
        "starter",
        tuple(SearchHit(photo, 0.5, None) for _ in range(hits)),
        3.0,
        complete=False,
        reranker="Tiny VLM 2B",
        to_look_at=8,
        looked_at=3,
    )
    return replace(result, **changes)


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (reranking_result(), "Tiny VLM 2B is looking closer: 3 of 8."),
        (
            reranking_result(note="It is slow."),
            "Tiny VLM 2B is looking closer: 3 of 8. It is slow.",
        ),
        (reranking_result(looked_at=0, note="Tiny VLM 2B is loading."), "Tiny VLM 2B is loading."),
        (reranking_result(complete=True), "Stopped. Looked at 3 of 120 hits."),
        (
            reranking_result(complete=True, looked_at=0),
            "Stopped. None of the 120 hits has been looked at.",
        ),
        (reranking_result(complete=True, looked_at=8), "Looked at the first 8 of 120 hits."),
        (
            reranking_result(complete=True, note="It ended. Try again."),
            "Looked at the first 3 of 120 hits. It ended. Try again.",
        ),
        (reranking_result(hits=8, complete=True, looked_at=8), "Looked at all 8 hits."),
        (
            reranking_result(hits=1, complete=True, looked_at=1, to_look_at=1),
            "Looked at the one hit.",
        ),
        (
            reranking_result(
                complete=True, reranker="", to_look_at=0, looked_at=0, note="No model."
            ),
            "No model.",
        ),
        (reranking_result(request=SearchRequest(text="dog"), note="Said elsewhere."), ""),
        (
            reranking_result(request=SearchRequest(like_region=RegionId(1), verify=8)),
            "Only searches by words get a closer look.",
        ),
    ],
)
def test_progress_of_reranking(result, words):
    assert search_text.second_look(result) == words


def test_a_name_that_is_no_text_is_shown_with_a_replacement_character():
    path = Path("/photos/f\udcfcr/latin\udce9.jpg")
    assert formatting.file_name(path) == "latin\ufffd.jpg"
    assert formatting.whole_path(path.parent) == str(Path("/photos/f\ufffdr"))
    assert formatting.file_name(Path("/")) == str(Path("/"))
