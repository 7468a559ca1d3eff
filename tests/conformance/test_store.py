"""What every store promises, see ``engine.store.store``: files, photos, regions and counters."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import PhotoUnreadable
from engine.store.rows import AnalysedPhoto, FileRow, FileVersion, IndexLevel
from engine.store.store import NEWEST, Store
from tests.conformance.backends import Backend
from tests.fakes.analysed_photos import NDIM, analysed

IndexAll = Callable[..., dict[str, int]]


def test_a_profile_keeps_its_number_and_its_size(store: Store, profile_id: int) -> None:
    assert store.profile_id("test-profile", NDIM, "test") == profile_id
    assert store.profile_id("another", NDIM, "other") != profile_id
    with pytest.raises(ValueError, match="expected vectors of 8"):
        store.profile_id("test-profile", NDIM + 1, "test")


def test_pending_files_come_newest_first(store: Store, folder_id: int) -> None:
    store.files.record_found(
        folder_id, [("old.jpg", 1, 100), ("new.jpg", 1, 300), ("b.jpg", 1, 200)]
    )
    names = [file.path.name for file in store.files.pending(2)]
    assert names == ["new.jpg", "b.jpg"]
    settled = store.files.pending(10, unsettled_ns=(250, 400))
    assert [file.path.name for file in settled] == ["b.jpg", "old.jpg"]


def test_an_indexer_may_take_a_file_of_the_work_list_and_its_own_again(
    store: Store, folder_id: int, profile_id: int, index_all: IndexAll
) -> None:
    store.files.record_found(folder_id, [("a.jpg", 10, 1), ("b.jpg", 10, 2)])
    for file in store.files.pending(2):
        assert store.files.claim(file, profile_id, IndexLevel.FULL)
        assert store.files.claim(file, profile_id, IndexLevel.FULL)
    assert len(store.files.pending(9)) == 2, "its own files stay in its work list"
    index_all()
    assert store.files.pending(9) == []


def test_an_indexed_file_is_searchable_and_not_pending(
    store: Store, folder_id: int, profile_id: int, index_all: IndexAll
) -> None:
    store.files.record_found(folder_id, [("a.jpg", 10, 1)])
    thumbnails: dict = {}
    photo_id = index_all(thumbnails=thumbnails)["a.jpg"]
    assert store.files.pending(10) == []
    photo = store.photos.get(photo_id)
    assert photo.path.name == "a.jpg" and photo.available and photo.size_wh == (100, 80)
    assert thumbnails == {photo_id: b"jpeg of a.jpg"}
    regions = store.regions.of_photo(photo_id, profile_id)
    assert len(regions) == 2 and regions[0].mask_score >= regions[1].mask_score
    assert store.regions.get(regions[0].id) == regions[0]
    totals = store.counts.totals(profile_id)
    assert (totals.photos, totals.searchable, totals.pending, totals.things) == (1, 1, 0, 2)


def test_vectors_are_read_as_they_were_written(
    store: Store, folder_id: int, profile_id: int
) -> None:
    store.files.record_found(folder_id, [("a.jpg", 10, 1)])
    file = store.files.pending(1)[0]
    photo = analysed(b"abc", file, things=3)
    photo_id = store.results.write(file, photo, profile_id, lambda *_: None).photo_id
    rows = store.regions.rows([photo_id], profile_id)[photo_id]
    exact = photo.vectors.astype(np.float32)
    error = np.abs(np.vstack([rows.whole[None], rows.vectors]) - exact)
    assert (error <= np.abs(exact).max(axis=0) / 250).all()
    assert rows.boxes_xyxy.tolist() == [[0, 0, 0.5, 0.5]] * 3
    ids, vectors = next(store.regions.vectors_after(profile_id, 0))
    assert ids.tolist() == sorted(ids.tolist())
    assert np.array_equal(vectors, np.vstack([rows.whole[None], rows.vectors]))
    assert np.array_equal(store.regions.vector(ids[1], profile_id), rows.vectors[0])
    assert store.regions.vector(ids[1], profile_id + 1) is None


def test_a_photo_without_regions_has_one_vector(
    store: Store, folder_id: int, profile_id: int
) -> None:
    store.files.record_found(folder_id, [("a.jpg", 10, 1)])
    file = store.files.pending(1)[0]
    photo = analysed(b"abc", file, things=0)
    photo_id = store.results.write(file, photo, profile_id, lambda *_: None).photo_id
    rows = store.regions.rows([photo_id], profile_id)[photo_id]
    assert rows.vectors.shape == (0, NDIM) and rows.whole.shape == (NDIM,)
    assert store.regions.of_photo(photo_id, profile_id) == ()
    whole = store.regions.ids(profile_id)[0]
    assert store.regions.get(whole) is None


@pytest.mark.parametrize(
    ("vector", "message"), [(np.nan, "finite"), (np.inf, "finite"), (0.0, "norm")]
)
def test_unusable_vectors_are_refused(
    store: Store, folder_id: int, vector: float, message: str
) -> None:
    store.files.record_found(folder_id, [("a.jpg", 10, 1)])
    good = analysed(b"abc", store.files.pending(1)[0])
    vectors = good.vectors.copy()
    vectors[1] = vector
    with pytest.raises(ValueError, match=message):
        AnalysedPhoto(**{**vars(good), "vectors": vectors})


def test_a_copy_is_the_same_photo(
    store: Store, folder_id: int, profile_id: int, index_all: IndexAll
) -> None:
    store.files.record_found(folder_id, [("a.jpg", 10, 2), ("b.jpg", 10, 1)])
    photos = index_all({"a.jpg": b"same", "b.jpg": b"same"})
    assert photos["a.jpg"] == photos["b.jpg"]
    assert len(store.regions.ids(profile_id)) == 3
    assert store.counts.totals(profile_id).searchable == 2


def test_indexed_content_is_known(
    store: Store, folder_id: int, profile_id: int, index_all: IndexAll
) -> None:
    store.files.record_found(folder_id, [("a.jpg", 10, 1)])
    photo_id = index_all({"a.jpg": b"x"})["a.jpg"]
    version = FileVersion(b"x", 10, 5)
    assert store.results.known_photo(version, profile_id) == photo_id
    assert store.results.known_photo(FileVersion(b"x", 11, 5), profile_id) is None
    assert store.results.known_photo(version, profile_id + 1) is None


def test_a_move_keeps_the_photo_and_its_regions(
    store: Store, folder_id: int, profile_id: int, index_all: IndexAll
) -> None:
    store.files.record_found(folder_id, [("a.jpg", 10, 1)])
    photo_id = index_all({"a.jpg": b"x"})["a.jpg"]
    regions = store.regions.ids(profile_id).tolist()
    assert store.files.record_missing(folder_id, ["a.jpg"]) == {photo_id}
    assert store.photos.get(photo_id) is None
    store.files.record_found(folder_id, [("sub/b.jpg", 10, 1)])
    store.results.link_known(store.files.pending(1)[0], FileVersion(b"x", 10, 1), photo_id)
    assert store.photos.get(photo_id).path.name == "b.jpg"
    assert store.regions.ids(profile_id).tolist() == regions
    assert store.files.present(folder_id) == {"sub/b.jpg": (10, 1)}
    assert store.faults() == () and store.counts.repair() == ()


def test_an_unchanged_file_that_returns_is_not_pending(
    store: Store, folder_id: int, index_all: IndexAll
) -> None:
    store.files.record_found(folder_id, [("a.jpg", 10, 1)])
    photo_id = index_all()["a.jpg"]
    store.files.record_missing(folder_id, ["a.jpg"])
    assert store.files.record_found(folder_id, [("a.jpg", 10, 1)]) == {photo_id}
    assert store.files.pending(10) == []
    assert store.photos.get(photo_id) is not None


def test_a_changed_file_keeps_its_old_photo_until_the_new_one_is_there(
    store: Store, folder_id: int, profile_id: int, index_all: IndexAll
) -> None:
    store.files.record_found(folder_id, [("a.jpg", 10, 1)])
    old = index_all({"a.jpg": b"old"})["a.jpg"]
    store.files.record_found(folder_id, [("a.jpg", 11, 2)])
    assert store.photos.get(old) is not None
    error = PhotoUnreadable("It is damaged.", operation="reading")
    store.results.record_failure(store.files.pending(1)[0], error, "reading")
    assert store.photos.get(old) is not None, "a failure removes nothing"
    store.files.record_found(folder_id, [("a.jpg", 12, 3)])
    file = store.files.pending(1)[0]
    written = store.results.write(file, analysed(b"new", file), profile_id, lambda *_: None)
    assert written.deleted_photos == (old,) and written.photo_id != old
    assert store.photos.get(old) is None
    assert store.failures.problems(10) == ()
    assert store.faults() == () and store.counts.repair() == ()


def test_failures_are_listed_and_tried_again_when_asked_or_changed(
    store: Store, folder_id: int, profile_id: int, tmp_path: Path
) -> None:
    store.files.record_found(folder_id, [("a.jpg", 10, 1), ("b.jpg", 10, 2)])
    for file in store.files.pending(10):
        error = PhotoUnreadable("It is damaged.", operation="reading", hint="Copy it again.")
        store.results.record_failure(file, error, "reading")
    assert store.files.pending(10) == []
    assert store.counts.totals(profile_id).problems == 2
    store.files.record_found(folder_id, [("a.jpg", 10, 1)])
    assert store.files.pending(10) == [], "an unchanged file is not tried again"
    path = tmp_path / "photos" / "a.jpg"
    assert store.failures.retry([path, tmp_path / "elsewhere.jpg"]) == 1
    file = store.files.pending(10)[0]
    assert file.path == path
    store.results.record_failure(file, PhotoUnreadable("Still.", operation="reading"), "reading")
    problem = next(p for p in store.failures.problems(10) if p.path == path)
    assert (problem.attempts, problem.message, problem.kind) == (2, "Still.", "unreadable")
    store.files.record_found(folder_id, [("b.jpg", 11, 9)])
    assert [file.path.name for file in store.files.pending(10)] == ["b.jpg"]
    assert store.failures.retry(None) == 1


def test_a_failure_of_a_file_that_changed_meanwhile_is_dropped(
    store: Store, folder_id: int
) -> None:
    store.files.record_found(folder_id, [("a.jpg", 10, 1)])
    file = store.files.pending(1)[0]
    store.files.record_found(folder_id, [("a.jpg", 20, 2)])
    store.results.record_failure(file, PhotoUnreadable("Cut off.", operation="reading"), "reading")
    assert [f.size_bytes for f in store.files.pending(10)] == [20]
    assert store.failures.problems(10) == ()


def test_skipped_entries_are_listed_until_the_next_scan(store: Store, folder_id: int) -> None:
    skip = ("x.jpg", "folder", "x.jpg is a folder, not a photo.", "")
    assert store.files.record_skipped(folder_id, [skip])
    assert not store.files.record_skipped(folder_id, [skip])
    assert [problem.kind for problem in store.failures.problems(10)] == ["folder"]
    assert store.files.record_skipped(folder_id, [])
    assert store.failures.problems(10) == ()


def test_an_offline_folder_keeps_its_photos_and_has_no_work(
    store: Store, folder_id: int, profile_id: int, index_all: IndexAll
) -> None:
    store.files.record_found(folder_id, [("a.jpg", 10, 1)])
    photo_id = index_all()["a.jpg"]
    store.files.record_found(folder_id, [("b.jpg", 10, 1)])
    assert store.folders.set_online(folder_id, False)
    assert not store.folders.set_online(folder_id, False)
    assert store.photos.get(photo_id).available is False
    assert store.files.pending(10) == []
    assert store.counts.waiting(profile_id) == (0, 0, 0)
    store.folders.set_online(folder_id, True)
    assert len(store.files.pending(10)) == 1 and store.photos.get(photo_id).available


def test_a_folder_that_lacks_photos_says_how_many_until_it_is_online(
    store: Store, folder_id: int, profile_id: int
) -> None:
    assert store.folders.set_online(folder_id, False)
    assert store.folders.set_online(folder_id, False, 7)
    assert not store.folders.set_online(folder_id, False, 7)
    (folder,) = store.folders.all(profile_id)
    assert (folder.online, folder.lacking) == (False, 7)
    assert store.folders.lacking() == {folder_id}
    assert store.folders.set_online(folder_id, True)
    assert store.folders.all(profile_id)[0].lacking == 0 and store.folders.lacking() == set()


def test_a_folder_can_be_at_another_place(
    store: Store, folder_id: int, tmp_path: Path, profile_id: int, index_all: IndexAll
) -> None:
    store.files.record_found(folder_id, [("a.jpg", 10, 1), ("sub/b.jpg", 20, 2), ("c.jpg", 30, 3)])
    photos = index_all({"a.jpg": b"x"})
    store.files.record_found(folder_id, [("sub/b.jpg", 25, 5)])
    store.files.record_missing(folder_id, ["c.jpg"])
    sample = {file.rel_path: file for file in store.files.sample(folder_id, 9)}
    assert sample.keys() == {"a.jpg", "sub/b.jpg"}
    assert (sample["a.jpg"].size_bytes, bytes(sample["a.jpg"].content_hash)) == (10, b"x")
    assert (sample["sub/b.jpg"].size_bytes, sample["sub/b.jpg"].content_hash) == (25, None)
    assert len(store.files.sample(folder_id, 1)) == 1
    store.folders.set_online(folder_id, False, 2)
    store.folders.relocate(folder_id, tmp_path / "elsewhere", "uuid:2")
    (folder,) = store.folders.all(profile_id)
    assert (folder.path, folder.online, folder.lacking) == (tmp_path / "elsewhere", True, 0)
    assert store.folders.last_scan(folder_id).volume == "uuid:2"
    assert store.photos.get(photos["a.jpg"]).path == tmp_path / "elsewhere/a.jpg"


def test_the_volume_of_the_last_scan_is_remembered(store: Store, folder_id: int) -> None:
    assert store.folders.last_scan(folder_id) == (None, None, ())
    store.folders.record_scan(folder_id, "uuid:1", mounts=["nas", "caf\udce9/x"])
    volume, scanned_at, mounts = store.folders.last_scan(folder_id)
    assert volume == "uuid:1" and scanned_at and mounts == ("nas", "caf\udce9/x")
    store.folders.record_scan(folder_id, None)
    assert store.folders.last_scan(folder_id).volume is None
    assert store.folders.last_scan(folder_id).mounts == ()


def test_names_that_are_no_text_are_kept_exactly(
    store: Store, tmp_path: Path, profile_id: int, index_all: IndexAll
) -> None:
    root = tmp_path / "f\udcfcr"
    folder_id = store.folders.add(root)
    assert store.folders.add(root) == folder_id
    assert store.folders.paths() == {folder_id: root}
    assert store.folders.all(profile_id)[0].path == root
    names = ["caf\udce9.jpg", "\uf7e9.jpg", "\udcff/\udcc3\uf780.jpg", "plain é.jpg"]
    store.files.record_found(folder_id, [(name, 10, n) for n, name in enumerate(names)])
    assert set(store.files.present(folder_id)) == set(names)
    assert {file.path for file in store.files.pending(10)} == {root / name for name in names}
    photos = index_all()
    assert store.photos.get(photos["caf\udce9.jpg"]).path == root / names[0]
    assert len(store.files.record_missing(folder_id, names[:2])) == 2
    store.files.record_found(folder_id, [(names[0], 10, 0)])
    assert set(store.files.present(folder_id)) == {names[0], *names[2:]}
    skip = ("\udcff.jpg", "folder", "A folder.", "")
    assert store.files.record_skipped(folder_id, [skip])
    assert not store.files.record_skipped(folder_id, [skip])
    assert [problem.path for problem in store.failures.problems(9)] == [root / skip[0]]


def test_a_file_whose_name_is_no_text_can_be_tried_again(store: Store, folder_id: int) -> None:
    store.files.record_found(folder_id, [("caf\udce9.jpg", 10, 1)])
    (file,) = store.files.pending(1)
    store.results.record_failure(file, PhotoUnreadable("Cut off.", operation="reading"), "reading")
    assert store.failures.retry([file.path]) == 1
    assert store.files.held_elsewhere(folder_id, ["caf\udce9.jpg"]) == set()


def test_what_is_not_read_is_counted_by_folder(
    store: Store, folder_id: int, profile_id: int
) -> None:
    assert store.folders.record_scan(folder_id, None, [("CR3", 3000), ("video", 1)])
    assert not store.folders.record_scan(folder_id, None, [("CR3", 3000), ("video", 1)])
    (folder,) = store.folders.all(profile_id)
    assert folder.unread == (("CR3", 3000), ("video", 1))
    assert folder.unread_words == "3,000 CR3 files, 1 video"
    assert store.folders.record_scan(folder_id, None)
    assert store.folders.all(profile_id)[0].unread_words == ""


def test_a_folder_has_rules_of_its_own(store: Store, folder_id: int, tmp_path: Path) -> None:
    other = store.folders.add(tmp_path / "other")
    store.folders.set_rules(folder_id, "*.png\n!keep.png")
    assert store.folders.rules(folder_id) == "*.png\n!keep.png"
    assert store.folders.rules(other) == ""


def test_files_that_are_in_another_folder_too(
    store: Store, folder_id: int, tmp_path: Path, index_all: IndexAll
) -> None:
    other = store.folders.add(tmp_path / "other")
    here = [("same photo.jpg", 10, 1), ("moved.jpg", 20, 2), ("alone.jpg", 30, 3)]
    store.files.record_found(folder_id, here)
    store.files.record_found(other, [("copy.jpg", 10, 9)])
    index_all({"same photo.jpg": b"x", "copy.jpg": b"x"})
    store.files.record_found(other, [("unread.jpg", 20, 2), ("newer.jpg", 30, 4)])
    names = [name for name, *_ in here]
    assert store.files.held_elsewhere(folder_id, names) == {"same photo.jpg", "moved.jpg"}
    store.files.record_missing(other, ["copy.jpg"])
    assert store.files.held_elsewhere(folder_id, names) == {"moved.jpg"}
    store.folders.set_online(other, False)
    assert store.files.held_elsewhere(folder_id, names) == set()


def test_a_photo_in_two_folders_is_shown_where_it_can_be_read(
    store: Store, folder_id: int, tmp_path: Path, index_all: IndexAll
) -> None:
    other = store.folders.add(tmp_path / "other")
    store.files.record_found(folder_id, [("a.jpg", 10, 1)])
    store.files.record_found(other, [("b.jpg", 10, 1)])
    photo_id = index_all({"a.jpg": b"x", "b.jpg": b"x"})["a.jpg"]
    store.folders.set_online(folder_id, False)
    photo = store.photos.get(photo_id)
    assert photo.available and photo.path.name == "b.jpg"
    assert store.photos.visible([photo_id], [folder_id])[photo_id].path.name == "a.jpg"
    assert store.photos.visible_ids([photo_id], [other]) == {photo_id}


def test_removing_a_folder_hides_it_at_once_and_then_deletes_it(
    store: Store, folder_id: int, tmp_path: Path, profile_id: int, index_all: IndexAll
) -> None:
    other = store.folders.add(tmp_path / "other")
    store.files.record_found(folder_id, [("a.jpg", 10, 1), ("only here.jpg", 10, 1)])
    store.files.record_found(other, [("b.jpg", 10, 1)])
    photos = index_all({"a.jpg": b"x", "b.jpg": b"x", "only here.jpg": b"y"})
    assert store.folders.mark_removed(folder_id)
    assert not store.folders.mark_removed(folder_id)
    assert store.photos.get(photos["only here.jpg"]) is None
    assert store.counts.totals(profile_id).photos == 1
    deleted = []
    while (step := store.folders.purge()) is not None:
        deleted += step
    assert deleted == [photos["only here.jpg"]]
    assert store.photos.all_ids() == {photos["a.jpg"]}
    assert len(store.regions.ids(profile_id)) == 3
    assert store.faults() == () and store.counts.repair() == ()
    assert store.folders.add(tmp_path / "photos") != folder_id


def test_results_for_a_file_whose_folder_is_gone_are_dropped(
    store: Store, folder_id: int, profile_id: int
) -> None:
    store.files.record_found(folder_id, [("a.jpg", 10, 1)])
    file = store.files.pending(1)[0]
    store.folders.mark_removed(folder_id)
    while store.folders.purge() is not None:
        pass
    written = store.results.write(file, analysed(b"x", file), profile_id, lambda *_: None)
    assert written.photo_id is None
    assert store.photos.all_ids() == set()


def test_files_missing_for_long_are_deleted(
    store: Store, folder_id: int, index_all: IndexAll
) -> None:
    store.files.record_found(folder_id, [("a.jpg", 10, 1), ("b.jpg", 10, 1)])
    photo_id = index_all()["a.jpg"]
    store.files.record_missing(folder_id, ["a.jpg"])
    assert store.files.delete_missing("2000-01-01T00:00:00+00:00") is None
    assert store.files.delete_missing("2999-01-01T00:00:00+00:00") == (photo_id,)
    assert store.files.delete_missing("2999-01-01T00:00:00+00:00") is None
    assert list(store.files.present(folder_id)) == ["b.jpg"]


def test_another_profile_makes_a_work_list_of_indexed_files(
    store: Store, folder_id: int, profile_id: int, index_all: IndexAll
) -> None:
    store.files.record_found(folder_id, [(f"{i}.jpg", 10, i) for i in range(5)])
    index_all()
    other = store.profile_id("other", NDIM, "other")
    assert store.counts.waiting(profile_id) == (0, 0, 0)
    assert store.counts.waiting(other) == (0, 5, 0)
    assert store.counts.totals(other).pending == 5
    page = store.files.lacking(other, 2)
    assert [file.path.name for file in page] == ["4.jpg", "3.jpg"]
    rest = store.files.lacking(other, 10, (page[-1].mtime_ns, page[-1].id))
    assert [file.path.name for file in rest] == ["2.jpg", "1.jpg", "0.jpg"]
    for file in store.files.lacking(other, 10, NEWEST):
        content = file.path.name.encode()
        store.results.write(file, analysed(content, file), other, lambda *_: None)
    assert store.counts.waiting(other) == (0, 0, 0)
    assert len(store.regions.ids(profile_id)) == len(store.regions.ids(other)) == 15
    assert store.counts.repair() == ()


def coarse_file(store: Store, folder_id: int, profile_id: int, **thumbnails) -> FileRow:
    """A file whose photo has a coarse indexing only, as its work list returns it."""
    store.files.record_found(folder_id, [("a.jpg", 10, 1)])
    photo = analysed(b"x", file := store.files.pending(1)[0], level=IndexLevel.COARSE)
    store.results.write(file, photo, profile_id, thumbnails.get("keep", lambda *_: None))
    return store.files.coarse(profile_id, 10)[0]


def test_a_coarse_photo_is_searchable_and_in_the_work_list(
    store: Store, folder_id: int, profile_id: int
) -> None:
    file = coarse_file(store, folder_id, profile_id)
    assert (file.content_hash, file.photo_id) == (b"x", 1)
    totals = store.counts.totals(profile_id)
    assert (totals.searchable, totals.outlined, totals.pending, totals.things) == (1, 0, 0, 0)
    assert store.counts.waiting(profile_id) == (0, 0, 1)
    assert store.photos.searchable_ids(profile_id, frozenset(), 10) == [file.photo_id]
    rows = store.regions.rows([file.photo_id], profile_id)[file.photo_id]
    assert rows.vectors.shape == (0, NDIM) and not rows.outlined
    version = FileVersion(b"x", 10, 1)
    assert store.results.known_photo(version, profile_id, IndexLevel.COARSE) == file.photo_id
    assert store.results.known_photo(version, profile_id) is None
    assert store.faults() == () and store.counts.repair() == ()


def test_a_full_indexing_replaces_a_coarse_one_and_never_the_reverse(
    store: Store, folder_id: int, profile_id: int
) -> None:
    thumbnails: dict = {}
    file = coarse_file(store, folder_id, profile_id, keep=thumbnails.__setitem__)
    whole = store.regions.ids(profile_id).tolist()
    thumbnails.clear()
    full = analysed(b"x", file)
    written = store.results.write(file, full, profile_id, thumbnails.__setitem__)
    assert (written.photo_id, written.deleted_photos) == (file.photo_id, ())
    assert list(written.replaced_regions) == whole and set(thumbnails) == {file.photo_id}
    ids = store.regions.ids(profile_id).tolist()
    assert len(ids) == 3 and min(ids) > whole[0], "a key of the index is never used again"
    assert store.regions.fully_indexed([file.photo_id], profile_id) == {file.photo_id}
    totals = store.counts.totals(profile_id)
    assert (totals.searchable, totals.outlined, totals.things) == (1, 1, 2)
    assert store.files.coarse(profile_id, 10) == []
    for photo in (analysed(b"x", file, level=IndexLevel.COARSE), full):
        again = store.results.write(file, photo, profile_id, lambda *_: pytest.fail("again"))
        assert again.replaced_regions == () and store.regions.ids(profile_id).tolist() == ids
    assert store.faults() == () and store.counts.repair() == ()


def test_a_failed_full_indexing_leaves_the_coarse_one(
    store: Store, folder_id: int, profile_id: int
) -> None:
    file = coarse_file(store, folder_id, profile_id)
    error = PhotoUnreadable("The worker stopped.", operation="looking")
    store.results.record_failure(file, error, "looking")
    assert store.photos.searchable_ids(profile_id, frozenset(), 10) == [file.photo_id]
    assert store.counts.waiting(profile_id) == (0, 0, 0), "it is not tried again by itself"
    totals = store.counts.totals(profile_id)
    assert (totals.searchable, totals.pending, totals.problems) == (0, 0, 1)
    store.failures.retry(None)
    store.results.link_known(store.files.pending(1)[0], FileVersion(b"x", 10, 1), file.photo_id)
    file = store.files.coarse(profile_id, 10)[0]
    store.results.record_failure(file, error, "looking")
    assert [problem.attempts for problem in store.failures.problems(10)] == [2]
    store.failures.retry(None)
    file = store.files.pending(1)[0]
    store.results.write(file, analysed(b"x", file), profile_id, lambda *_: None)
    assert store.failures.problems(10) == ()
    assert store.counts.totals(profile_id).outlined == 1


def test_a_full_indexing_of_one_copy_counts_for_the_other(
    store: Store, folder_id: int, profile_id: int
) -> None:
    coarse_file(store, folder_id, profile_id)
    store.files.record_found(folder_id, [("b.jpg", 10, 2)])
    copy = store.files.pending(1)[0]
    store.results.link_known(copy, FileVersion(b"x", 10, 2), 1)
    assert store.counts.waiting(profile_id) == (0, 0, 2)
    file = store.files.coarse(profile_id, 1)[0]
    store.results.write(file, analysed(b"x", file), profile_id, lambda *_: None)
    assert store.counts.waiting(profile_id) == (0, 0, 0)
    assert store.counts.totals(profile_id).outlined == 2
    assert store.counts.repair() == ()


def test_a_file_that_changed_has_no_hash_until_it_is_read(
    store: Store, folder_id: int, profile_id: int
) -> None:
    coarse_file(store, folder_id, profile_id)
    store.files.record_found(folder_id, [("a.jpg", 11, 2)])
    assert store.files.coarse(profile_id, 10) == []
    assert store.files.pending(1)[0].content_hash is None


def test_a_coarse_photo_has_no_regions(store: Store, folder_id: int) -> None:
    store.files.record_found(folder_id, [("a.jpg", 10, 1)])
    full = analysed(b"x", store.files.pending(1)[0])
    with pytest.raises(ValueError, match="no things"):
        AnalysedPhoto(**{**vars(full), "level": IndexLevel.COARSE})


def test_pages_of_photos_have_no_gap_and_no_repeat(
    store: Store, folder_id: int, profile_id: int, index_all: IndexAll
) -> None:
    store.files.record_found(folder_id, [(f"{i}.jpg", 10, i // 2 * 10**9) for i in range(7)])
    index_all()
    seen, before = [], None
    while page := store.photos.page(profile_id, 3, before):
        seen += [photo.path.name for photo in page]
        before = page[-1].id
    assert len(seen) == len(set(seen)) == 7
    assert seen[0] == "6.jpg" and set(seen[-2:]) == {"0.jpg", "1.jpg"}


def test_searchable_ids_gives_up_past_its_limit(
    store: Store, folder_id: int, profile_id: int, index_all: IndexAll
) -> None:
    store.files.record_found(folder_id, [(f"{i}.jpg", 10, i) for i in range(4)])
    photos = index_all()
    assert set(store.photos.searchable_ids(profile_id, frozenset(), 4)) == set(photos.values())
    assert store.photos.searchable_ids(profile_id, frozenset(), 3) is None
    assert store.photos.searchable_ids(profile_id, frozenset([folder_id + 1]), 3) == []


def test_counters_hold_through_any_history(store: Store, tmp_path: Path, profile_id: int) -> None:
    """Random adds, changes, failures, moves and removals; then all counters are checked."""
    rng = random.Random(7)
    other = store.profile_id("other", NDIM, "other")
    folders = [store.folders.add(tmp_path / str(i)) for i in range(3)]
    for step in range(300):
        folder = rng.choice(folders)
        name = f"{rng.randrange(12)}.jpg"
        what = rng.randrange(6)
        if what <= 1:
            store.files.record_found(folder, [(name, rng.randrange(1, 4), step)])
        elif what == 2:
            store.files.record_missing(folder, [name])
        elif what == 3:
            for file in store.files.pending(rng.randrange(3)):
                content = bytes([rng.randrange(8)])
                store.results.write(
                    file,
                    analysed(content, file, level=rng.choice(list(IndexLevel))),
                    rng.choice([profile_id, other]),
                    lambda *_: None,
                )
        elif what == 4:
            for file in store.files.pending(1):
                error = PhotoUnreadable("no", operation="reading")
                store.results.record_failure(file, error, "reading")
        else:
            for file in store.files.coarse(profile_id, 1):
                photo = analysed(file.content_hash, file)
                store.results.write(file, photo, profile_id, lambda *_: None)
            for file in store.files.lacking(other, 1):
                photo = analysed(b"again", file)
                store.results.write(file, photo, other, lambda *_: None)
        if step == 200:
            store.folders.mark_removed(folders.pop())
            while store.folders.purge() is not None:
                pass
    assert store.counts.repair() == ()
    assert store.faults() == ()
    for profile in (profile_id, other):
        totals = store.counts.totals(profile)
        assert totals.photos == totals.searchable + totals.pending + totals.problems
        assert min(totals.pending, totals.problems) >= 0
        assert 0 <= totals.outlined <= totals.searchable
        waiting = store.counts.waiting(profile)
        assert waiting.coarse == totals.searchable - totals.outlined
        assert waiting.coarse == len(store.files.coarse(profile, 100))


def test_a_reader_sees_what_was_written_and_writes_nothing(
    backend: Backend, store: Store, folder_id: int, index_all: IndexAll, tmp_path: Path
) -> None:
    store.files.record_found(folder_id, [("a.jpg", 10, 1)])
    photo_id = index_all()["a.jpg"]
    reader = backend.open_store(tmp_path / "library", True)
    try:
        assert reader.read_only and reader.photos.get(photo_id) is not None
        assert reader.profile_id("unknown", NDIM, "unknown") == 0
        with pytest.raises(Exception, match="read"):
            reader.folders.add(tmp_path / "other")
        assert list(store.folders.paths()) == [folder_id]
    finally:
        reader.close()


def test_deleting_a_profile_in_steps_leaves_the_other(
    store: Store, folder_id: int, profile_id: int, index_all: IndexAll
) -> None:
    store.files.record_found(folder_id, [(f"{i}.jpg", 10, i) for i in range(3)])
    index_all()
    other = store.profile_id("other", NDIM, "other")
    for file in store.files.lacking(other, 10):
        content = file.path.name.encode()
        store.results.write(file, analysed(content, file), other, lambda *_: None)
    kept = store.regions.ids(profile_id).tolist()
    deleted = 0
    while count := store.profiles.delete_step(other):
        deleted += count
    assert deleted == 3 and store.regions.ids(other).size == 0
    assert [row.key for row in store.profiles.all()] == ["test-profile"]
    assert store.regions.ids(profile_id).tolist() == kept
    assert store.faults() == () and store.counts.repair() == ()


def test_photos_whose_regions_are_damaged_are_looked_at_again(
    store: Store, folder_id: int, profile_id: int, index_all: IndexAll
) -> None:
    store.files.record_found(folder_id, [(f"{i}.jpg", 10, i) for i in range(4)])
    photos = index_all()
    assert store.regions.drop_damaged() == 0
    flip_a_bit(store, "block", photos["1.jpg"])
    flip_a_bit(store, "masks", photos["2.jpg"])
    assert store.regions.drop_damaged() == 2 and store.faults() == ()
    again = {file.path.name for file in store.files.lacking(profile_id, 9)}
    assert again == {"1.jpg", "2.jpg"}
    assert store.counts.repair() == () and len(store.regions.ids(profile_id)) == 6


def flip_a_bit(store: Any, column: str, photo_id: int) -> None:
    """Below the store, as a disk does it."""
    database = store._db if hasattr(store, "_db") else store.server
    with database.writing() as connection:
        query = f"SELECT {column} FROM region_blocks WHERE photo_id = ?"
        content = bytearray(connection.execute(query, (photo_id,)).fetchone()[0])
        content[len(content) // 2] ^= 4
        connection.execute(
            f"UPDATE region_blocks SET {column} = ? WHERE photo_id = ?", (bytes(content), photo_id)
        )
