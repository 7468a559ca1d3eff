"""What every store promises of metadata: kept as a whole, due when it has to be read again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.records import DateSource, Filter, FilterKind, FolderId, PhotoId, PhotoMetadata, Span
from engine.store.rows import FileRow
from engine.store.store import Store
from tests.fakes.analysed_photos import analysed

IndexAll = Callable[..., dict[str, PhotoId]]
EVERYTHING = PhotoMetadata(
    taken_at="2019-07-01",
    taken_until="2019-07-31",
    zone="+02:00",
    date_source=DateSource.FOLDER,
    camera="Box",
    lens="50mm",
    exposure_s=0.004,
    f_number=2.8,
    iso=100,
    focal_mm=50.0,
    latitude=-33.5,
    longitude=151.25,
    altitude_m=-3.0,
    rating=-1,
    label="Red",
    title="Été",
    caption="Two\nlines",
    keywords=("東京", "holiday"),
    people=("Anna",),
    place="Rome, Italy",
)


@pytest.fixture
def write(store: Store, folder_id: FolderId, profile_id: int) -> Callable[..., PhotoId]:
    """Adds a file with a content and its metadata; its photo."""

    def run(name: str, metadata: PhotoMetadata, content: bytes = b"a") -> PhotoId:
        store.files.record_found(folder_id, [(name, 10, 1)])
        file = next(f for f in store.files.pending(9) if f.path.name == name)
        photo = replace(analysed(content, file), metadata=metadata)
        photo_id = store.results.write(file, photo, profile_id, lambda *_: None).photo_id
        assert photo_id is not None
        return photo_id

    return run


def due(store: Store) -> dict[str, FileRow]:
    return {file.path.name: file for file in store.files.metadata_due(99)}


def known(store: Store, photo_id: PhotoId) -> PhotoMetadata:
    return store.photos.metadata([photo_id])[photo_id]


def tagged(store: Store, photo_id: PhotoId, word: str) -> bool:
    keyword = Filter(FilterKind.KEYWORD, word, Span(0, 1))
    return photo_id in store.photos.visible_ids([photo_id], (), [keyword])


def test_metadata_is_kept_as_a_whole(store: Store, write: Callable[..., PhotoId]) -> None:
    photo_id = write("a.jpg", EVERYTHING)
    other = write("b.jpg", PhotoMetadata(), b"b")
    assert store.photos.metadata([photo_id, other, PhotoId(999)]) == {
        photo_id: EVERYTHING,
        other: PhotoMetadata(),
    }
    photo = store.photos.get(photo_id)
    assert photo and (photo.taken_at, photo.taken_until) == ("2019-07-01", "2019-07-31")
    assert due(store) == {}


def test_metadata_read_anew_takes_the_place_of_the_old(
    store: Store, folder_id: FolderId, profile_id: int, write: Callable[..., PhotoId]
) -> None:
    first = write("a.jpg", PhotoMetadata(taken_at="2020-01-01T00:00:00", keywords=("cat",)))
    second = write("b.jpg", PhotoMetadata(taken_at="2021-01-01T00:00:00"), b"b")
    store.files.record_sidecars(folder_id, [("a.jpg", "1"), ("none.jpg", "1")])
    assert list(due(store)) == ["a.jpg"] and store.files.count_metadata_due() == 1
    fresh = PhotoMetadata(taken_at="2022-01-01T00:00:00", keywords=("dog",))
    store.results.record_metadata([(due(store)["a.jpg"], fresh)])
    assert known(store, first) == fresh and due(store) == {}
    assert tagged(store, first, "dog") and not tagged(store, first, "cat")
    assert [photo.id for photo in store.photos.page(profile_id, 9, None)] == [first, second]


def test_a_file_that_could_not_be_read_keeps_what_is_known(
    store: Store, folder_id: FolderId, write: Callable[..., PhotoId]
) -> None:
    photo_id = write("a.jpg", EVERYTHING)
    store.files.record_sidecars(folder_id, [("a.jpg", "1")])
    store.results.record_metadata([(due(store)["a.jpg"], None)])
    assert known(store, photo_id) == EVERYTHING and due(store) == {}


def test_a_file_that_holds_another_photo_by_now_is_left_alone(
    store: Store, folder_id: FolderId, write: Callable[..., PhotoId]
) -> None:
    write("a.jpg", EVERYTHING)
    store.files.record_sidecars(folder_id, [("a.jpg", "1")])
    old = due(store)["a.jpg"]
    store.files.record_found(folder_id, [("a.jpg", 11, 2)])
    photo_id = write("a.jpg", PhotoMetadata(rating=1), b"changed")
    store.results.record_metadata([(old, PhotoMetadata(rating=5))])
    assert known(store, photo_id).rating == 1


def test_due_files_come_a_page_at_a_time_and_not_from_folders_that_are_away(
    store: Store, folder_id: FolderId, write: Callable[..., PhotoId]
) -> None:
    names = [f"{n}.jpg" for n in range(5)]
    for name in names:
        write(name, PhotoMetadata(), name.encode())
    store.files.record_sidecars(folder_id, [(name, "1") for name in names])
    first = store.files.metadata_due(2)
    rest = store.files.metadata_due(9, first[-1].id)
    assert [file.path.name for file in (*first, *rest)] == names[::-1]
    store.files.record_missing(folder_id, ["0.jpg"])
    assert "0.jpg" not in due(store)
    store.folders.set_online(folder_id, False)
    assert due(store) == {}


def test_sidecars_are_known_until_they_are_gone(
    store: Store, folder_id: FolderId, write: Callable[..., PhotoId]
) -> None:
    write("a.jpg", PhotoMetadata())
    store.files.record_sidecars(folder_id, [("a.jpg", "1")])
    store.files.record_sidecars(folder_id, [("a.jpg", "2")])
    assert store.files.sidecars(folder_id) == {"a.jpg": "2"}
    store.files.record_sidecars(folder_id, [("a.jpg", None)])
    assert store.files.sidecars(folder_id) == {} and list(due(store)) == ["a.jpg"]


def test_of_copies_a_sidecar_speaks_and_a_guess_takes_no_dates_place(
    store: Store, folder_id: FolderId, write: Callable[..., PhotoId]
) -> None:
    guessed = PhotoMetadata(taken_at="2019-07-04", date_source=DateSource.NAME)
    photo_id = write("20190704.jpg", guessed)
    write("copy.jpg", PhotoMetadata())
    write("20180101.jpg", replace(guessed, taken_at="2018-01-01"))
    assert known(store, photo_id) == guessed
    store.files.record_sidecars(folder_id, [("copy.jpg", "1")])
    rated = PhotoMetadata(taken_at="2017-01-01", date_source=DateSource.XMP, rating=3)
    store.results.record_metadata([(due(store)["copy.jpg"], rated)])
    assert known(store, photo_id) == rated
    store.files.record_sidecars(folder_id, [("20180101.jpg", None)])
    store.results.record_metadata([(due(store)["20180101.jpg"], guessed)])
    assert known(store, photo_id) == rated


def test_a_known_photo_in_a_new_place_is_due(
    store: Store, folder_id: FolderId, tmp_path: Path, write: Callable[..., PhotoId]
) -> None:
    photo_id = write("a.jpg", EVERYTHING)
    store.files.record_found(folder_id, [("b.jpg", 10, 1)])
    (file,) = store.files.pending(9)
    store.results.link_known(file, analysed(b"a", file).version, photo_id)
    assert list(due(store)) == ["b.jpg"]


def test_words_go_with_their_photo(
    store: Store, folder_id: FolderId, write: Callable[..., PhotoId]
) -> None:
    photo_id = write("a.jpg", EVERYTHING)
    assert tagged(store, photo_id, "holiday") and store.photos.has_values(FilterKind.KEYWORD)
    store.files.record_missing(folder_id, ["a.jpg"])
    assert store.files.delete_missing("9999") == (photo_id,)
    assert store.photos.metadata([photo_id]) == {}
    assert store.faults() == ()
