"""A library of an older version on a server is brought up to date."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.postgres import migrations
from engine.postgres.connection import ServerAddress
from engine.postgres.postgres_store import PostgresStore
from engine.postgres.schema import MIGRATIONS
from engine.records import PhotoId, PhotoMetadata


@pytest.fixture
def older(address: ServerAddress, monkeypatch: pytest.MonkeyPatch) -> Iterator[PostgresStore]:
    """A library from before metadata was read."""
    with monkeypatch.context() as patched:
        before = tuple(one for one in MIGRATIONS if one[0] != "m0006_metadata")
        patched.setattr(migrations, "MIGRATIONS", before)
        store = PostgresStore.open(address)
    yield store
    store.close()


def test_metadata_of_photos_from_before_it_was_read_is_due(
    older: PostgresStore, address: ServerAddress
) -> None:
    folder_id = older.folders.add(Path("/photos"))
    older.files.record_found(folder_id, [("a.jpg", 1, 1), ("b.jpg", 1, 1)])
    with older.server.writing() as session:
        session.execute(
            """INSERT INTO photos(id, content_hash, size_bytes, width_px, height_px, taken_at,
                   camera, dated_at, added_at)
               VALUES (7, '\\x00', 1, 2, 2, '2020-01-02T03:04:05', 'Box', '2020', '2024')"""
        )
        session.execute("UPDATE files SET photo_id = 7, state = 'ready' WHERE rel_path = 'a.jpg'")
    store = PostgresStore.open(address)
    try:
        assert [file.path.name for file in store.files.metadata_due(9)] == ["a.jpg"]
        known = store.photos.metadata([PhotoId(7)])[PhotoId(7)]
        assert known == PhotoMetadata(taken_at="2020-01-02T03:04:05", camera="Box")
    finally:
        store.close()
