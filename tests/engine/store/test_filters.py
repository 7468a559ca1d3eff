"""Filters are answered from indexes, and texts are compared in one form."""

from __future__ import annotations

from datetime import date

import pytest

from engine.records import DateRange, Filter, FilterKind, FilterValue, NumberRange, Span
from engine.store.photo_values.folded_text import folded, folder_name
from engine.store.sqlite_store import SqliteStore


def query_plan(store: SqliteStore, *filters: Filter) -> str:
    """How SQLite answers which photos pass."""
    statements: list[str] = []
    with store._db.reading() as connection:
        connection.set_trace_callback(statements.append)
    store.photos.searchable_ids(1, frozenset(), 10, filters)
    with store._db.reading() as connection:
        connection.set_trace_callback(None)
        query = next(text for text in statements if "SELECT" in text)
        return "; ".join(
            row[3].replace("COVERING ", "")
            for row in connection.execute(f"EXPLAIN QUERY PLAN {query}")
        )


MAY = DateRange(date(2019, 5, 1), date(2019, 5, 31))


@pytest.mark.parametrize(
    ("kind", "value", "step"),
    [
        ("date", MAY, "p USING INDEX photos_taken (taken_at>? AND taken_at<?)"),
        ("added", DateRange(date(2019, 5, 1)), "p USING INDEX photos_added (added_at>?)"),
        ("camera", "canon", "p USING INDEX photos_camera (camera=?)"),
        ("lens", "50mm", "p USING INDEX photos_lens (lens=?)"),
        ("rating", NumberRange(4), "p USING INDEX photos_rating (rating>?)"),
        ("location", True, "p USING INDEX photos_located (latitude>?)"),
        ("keyword", "rome", "t USING PRIMARY KEY (kind=? AND term=?)"),
        ("caption", "rome", "t USING PRIMARY KEY (kind=? AND term=?)"),
        ("type", "png", "f USING INDEX files_suffix (suffix=?)"),
        ("folder", "rome", "n USING INDEX files_directory (folder_id=? AND directory=?)"),
        ("folder", "rome", "f USING INTEGER PRIMARY KEY (rowid=?)"),
    ],
)
def test_an_index_leads_to_what_passes(
    store: SqliteStore, kind: str, value: FilterValue, step: str
) -> None:
    plan = query_plan(store, Filter(FilterKind(kind), value, Span(0, 1)))
    assert step in plan
    assert "SCAN f" not in plan and "SCAN p;" not in plan


def test_a_short_time_goes_before_file_types_and_folders(store: SqliteStore) -> None:
    filters = [
        Filter(FilterKind(kind), value, Span(0, 1))
        for kind, value in (("type", "jpeg"), ("folder", "rome"), ("date", MAY))
    ]
    assert query_plan(store, *filters).startswith("SEARCH p USING INDEX photos_taken")


def test_texts_are_compared_without_case_and_accents() -> None:
    assert folded("ÉTÉ e\u0301te\u0301 Straße ﬁn") == "ete ete strasse fin"
    assert folded("Санкт-Петербург") == "санкт-петербург"
    assert folded(None) == ""


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/home/me/Pictures", "Pictures"),
        ("C:\\Users\\Me\\Bilder", "Bilder"),
        ("/", ""),
        ("/a/", "a"),
    ],
)
def test_the_name_of_a_watched_folder(path: str, name: str) -> None:
    assert folder_name(path) == name
