"""What every store promises of edits, see ``engine.store.protocols.edit_table``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.errors import BadRequest
from engine.records import EditKind, PhotoId
from engine.store.protocols.edit_table import Edit
from engine.store.store import Store
from tests.conformance.backends import Backend
from tests.fakes.analysed_photos import NDIM

IndexAll = Callable[..., dict[str, int]]
NAMED, JUDGED = EditKind.REGION_NAMED, EditKind.HIT_JUDGED


def named(photo_id: int, subject: str, name: str) -> Edit:
    return Edit(PhotoId(photo_id), NAMED, subject, {"name": name} if name else {})


@pytest.fixture
def photos(store: Store, folder_id: int, index_all: IndexAll) -> dict[str, int]:
    store.files.record_found(folder_id, [("a.jpg", 10, 1), ("b.jpg", 10, 2)])
    return index_all()


def names(store: Store, photo_id: int) -> list[str]:
    return [edit.details["name"] for edit in store.edits.of_photo(PhotoId(photo_id), NAMED)]


def test_the_last_edit_of_a_subject_holds(store: Store, photos: dict[str, int]) -> None:
    a, b = photos["a.jpg"], photos["b.jpg"]
    for edit in (named(a, "1", "Rex"), named(a, "2", "Bello"), named(b, "1", "Minka")):
        store.edits.record([edit])
    store.edits.record([named(a, "1", "Waldi")])
    assert names(store, a) == ["Bello", "Waldi"] and names(store, b) == ["Minka"]
    store.edits.record([named(a, "2", "")])
    assert names(store, a) == ["Waldi"]
    assert store.edits.of_photo(PhotoId(a), JUDGED) == ()


def test_edits_are_found_by_what_they_are_about(store: Store, photos: dict[str, int]) -> None:
    a, b = PhotoId(photos["a.jpg"]), PhotoId(photos["b.jpg"])
    denied, confirmed = {"match": False}, {"match": True}
    edits = [Edit(a, JUDGED, "dog", denied), Edit(b, JUDGED, "dog", confirmed)]
    store.edits.record([*edits, Edit(a, JUDGED, "cat", confirmed)])
    assert store.edits.about(JUDGED, "dog") == tuple(edits)
    assert store.edits.about(NAMED, "dog") == ()


def test_undo_and_redo_go_back_and_forth_in_order(store: Store, photos: dict[str, int]) -> None:
    a, b = photos["a.jpg"], photos["b.jpg"]
    both = [named(a, "1", "Rex"), named(b, "1", "Minka")]
    store.edits.record(both)
    store.edits.record([named(a, "1", "Waldi")])
    assert store.edits.undo() == (named(a, "1", "Waldi"),)
    assert names(store, a) == ["Rex"]
    assert store.edits.undo() == tuple(both), "what was done at once is undone at once"
    assert names(store, a) == names(store, b) == [] and store.edits.undo() == ()
    assert store.edits.redo() == tuple(both)
    assert store.edits.redo() == (named(a, "1", "Waldi"),)
    assert names(store, a) == ["Waldi"] and store.edits.redo() == ()
    store.edits.undo()
    store.edits.record([named(a, "1", "Bello")])
    assert store.edits.redo() == (), "something else was done since"
    assert names(store, a) == ["Bello"]
    store.edits.undo()
    assert names(store, a) == ["Rex"]


def test_an_unknown_photo_is_refused_and_nothing_stored(
    store: Store, photos: dict[str, int]
) -> None:
    with pytest.raises(BadRequest):
        store.edits.record([named(photos["a.jpg"], "1", "Rex"), named(10**6, "1", "nobody")])
    assert names(store, photos["a.jpg"]) == [] and store.edits.undo() == ()


def test_edits_wait_for_a_photo_that_was_deleted(
    backend: Backend,
    store: Store,
    photos: dict[str, int],
    folder_id: int,
    index_all: IndexAll,
    tmp_path: Path,
) -> None:
    store.edits.record([named(photos["a.jpg"], "1", "Rex")])
    store.folders.mark_removed(folder_id)
    while store.folders.purge() is not None:
        pass
    assert store.photos.all_ids() == set()
    assert store.edits.undo() == (Edit(None, NAMED, "1", {"name": "Rex"}),)
    store.edits.redo()
    again = store.folders.add(tmp_path / "elsewhere")
    store.files.record_found(again, [("another name.jpg", 10, 7)])
    back = index_all(contents={"another name.jpg": b"a.jpg"})["another name.jpg"]
    assert names(store, back) == ["Rex"]
    store.close()
    reopened = backend.open_store(tmp_path / "library", False)
    try:
        assert names(reopened, back) == ["Rex"]
    finally:
        reopened.close()


def test_indexing_with_other_models_leaves_edits_alone(
    store: Store, photos: dict[str, int], profile_id: int, index_all: IndexAll, folder_id: int
) -> None:
    store.edits.record([named(photos["a.jpg"], "1", "Rex")])
    other = store.profile_id("other models", NDIM, "other")
    store.files.record_found(folder_id, [("a.jpg", 10, 3), ("b.jpg", 10, 3)])
    assert index_all(profile=other) == photos
    while store.profiles.delete_step(profile_id):
        pass
    assert names(store, photos["a.jpg"]) == ["Rex"]


def test_an_edit_that_a_disk_has_changed_is_noticed(store: Store, photos: dict[str, int]) -> None:
    store.edits.record([named(photos["a.jpg"], "1", "Rex")])
    store.edits.undo()
    store.edits.redo()
    assert store.edits.faults() == () and store.faults() == ()
    database: Any = store
    database = database._db if hasattr(store, "_db") else database.server
    with database.writing() as connection:
        connection.execute('UPDATE edits SET details_json = \'{"name": "Rey"}\'')
    assert "edits" in store.edits.faults()[0] and store.faults() == store.edits.faults()
