"""Backups are made, checked, kept for a week, and put back; what is readable is salvaged."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.backups import backup_folder, restoring
from engine.backups.backup_folder import BackupFolder
from engine.decode.thumbnails import ThumbnailCache
from engine.errors import BadRequest, Cancelled, DiskFull, LibraryInUse, StoreDamaged, StoreTooNew
from engine.paths import LibraryPaths
from engine.records import Backup, BackupKind, EditKind, PhotoId
from engine.store.protocols.edit_table import Edit
from engine.store.sqlite_file import database_copy
from engine.store.sqlite_store import SqliteStore

IndexAll = Callable[..., dict[str, int]]
WHOLE, ESSENTIALS, POINT = BackupKind.WHOLE, BackupKind.ESSENTIALS, BackupKind.RESTORE_POINT


@pytest.fixture
def filled(
    store: SqliteStore, paths: LibraryPaths, folder_id: int, index_all: IndexAll
) -> dict[str, int]:
    """Forty photos, one of them with a name in it; settings."""
    store.files.record_found(folder_id, [(f"{i}.jpg", 10, i) for i in range(40)])
    photos = index_all()
    name_it(store, photos["7.jpg"])
    paths.settings.write_text('{"workers": 3}')
    return photos


def opened(paths: LibraryPaths) -> SqliteStore:
    """As ``Library`` opens it."""
    return SqliteStore.open(paths, prepare=restoring.prepare)


def name_it(store: SqliteStore, photo_id: int, name: str = "Rex") -> None:
    store.edits.record([Edit(PhotoId(photo_id), EditKind.REGION_NAMED, "1", {"name": name})])


def back_up(store: SqliteStore, paths: LibraryPaths) -> Backup:
    return BackupFolder(paths.backups).make(store, [paths.settings])


def names(store: SqliteStore) -> list[str]:
    return [edit.details["name"] for edit in store.edits.about(EditKind.REGION_NAMED, "1")]


def content(path: Path) -> dict[str, list[tuple]]:
    """All rows by table."""
    connection = sqlite3.connect(path)
    try:
        tables = [
            row[0]
            for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        ]
        return {t: connection.execute(f"SELECT * FROM {t}").fetchall() for t in tables}
    finally:
        connection.close()


def lie_about_the_disk(monkeypatch: pytest.MonkeyPatch, free_bytes: int) -> None:
    usage = shutil.disk_usage("/")._replace(free=free_bytes)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)


def test_a_backup_is_the_library_and_one_file(
    store: SqliteStore, paths: LibraryPaths, filled: dict[str, int]
) -> None:
    made = back_up(store, paths)
    assert made.kind is WHOLE and BackupFolder(paths.backups).all() == (made,)
    assert [p.name for p in paths.backups.iterdir()] == [made.name]
    store.close()
    kept = content(made.path)
    assert kept.pop("kept_files") == [("settings.json", b'{"workers": 3}')]
    assert kept == content(paths.store)


def test_reading_and_writing_go_on_while_one_is_made(
    store: SqliteStore, paths: LibraryPaths, filled: dict[str, int], folder_id: int, profile_id: int
) -> None:
    seen = []

    def meanwhile() -> None:
        store.files.record_found(folder_id, [(f"new {len(seen)}.jpg", 10, 1)])
        seen.append(store.counts.totals(profile_id).photos)

    made = BackupFolder(paths.backups).make(store, [], meanwhile)
    assert seen and seen[-1] == 40 + len(seen)
    assert len(content(made.path)["files"]) == 40, "the moment in which it was begun"


def test_a_cancelled_backup_leaves_nothing(
    store: SqliteStore, paths: LibraryPaths, filled: dict[str, int]
) -> None:
    def cancelled() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        BackupFolder(paths.backups).make(store, [], cancelled)
    assert list(paths.backups.iterdir()) == []


def test_without_room_for_everything_the_essentials_are_kept(
    store: SqliteStore,
    paths: LibraryPaths,
    filled: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lie_about_the_disk(monkeypatch, 1 << 20)
    made = back_up(store, paths)
    store.close()
    before, kept = content(paths.store), content(made.path)
    assert made.kind is ESSENTIALS and kept["kept_files"]
    assert kept["region_blocks"] == kept["indexings"] == [] and before["region_blocks"]
    for table in ("folders", "files", "photos", "edits", "profiles", "sqlite_sequence"):
        assert sorted(kept[table]) == sorted(before[table])
    report = restoring.restore(paths)
    assert (report.folders, report.photos, report.edits, report.to_index) == (1, 40, 1, 40)
    again = opened(paths)
    try:
        assert again.faults() == () and again.counts.repair() == () and names(again) == ["Rex"]
        profile_id = again.profile_id("test-profile", 8, "test")
        assert again.counts.waiting(profile_id).lacking == 40, "to be looked at again"
    finally:
        again.close()


def test_a_full_disk_is_said_and_leaves_nothing(
    store: SqliteStore,
    paths: LibraryPaths,
    filled: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = back_up(store, paths)

    def full(*_: object) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    monkeypatch.setattr(database_copy, "fill", full)
    with pytest.raises(DiskFull, match="no room for a backup") as raised:
        back_up(store, paths)
    assert "still there" in raised.value.hint
    assert [p.name for p in paths.backups.iterdir()] == [first.name]


def test_a_week_of_backups_is_kept(
    store: SqliteStore,
    paths: LibraryPaths,
    filled: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paths.backups.mkdir()
    for day in range(10, 20):
        for kind in (WHOLE, POINT):
            shutil.copy(paths.store, paths.backups / f"{kind}-2026-01-{day}-120000.sqlite")
    (paths.backups / "my notes.txt").write_text("keep")
    (paths.backups / "whole-2026-01-01-120000.sqlite.part").write_text("of a killed process")
    made = back_up(store, paths)
    folder = BackupFolder(paths.backups)
    kinds = [one.kind for one in folder.all()]
    assert folder.all()[0] == made
    assert (kinds.count(WHOLE), kinds.count(POINT)) == (7, 3)
    assert folder.all()[-1].name == "whole-2026-01-14-120000.sqlite"
    others = [p.name for p in paths.backups.iterdir() if p.suffix != ".sqlite"]
    assert others == ["my notes.txt"]
    monkeypatch.setattr(backup_folder, "MOST_BYTES", 0)
    back_up(store, paths)
    made = [one for one in folder.all() if one.kind is not POINT]
    assert [one.kind for one in made] == [WHOLE] + [ESSENTIALS] * 6
    assert content(made[1].path)["kept_files"], "the settings stay in it"
    assert len(content(made[1].path)["photos"]) == 40


@pytest.mark.parametrize(
    ("made", "due"), [(None, True), ("2026-01-10-120000", True), ("2999-01-10-120000", True)]
)
def test_a_backup_is_due_when_the_last_one_is_no_day_old(
    paths: LibraryPaths, made: str | None, due: bool
) -> None:
    folder = BackupFolder(paths.backups)
    if made:
        paths.backups.mkdir(parents=True)
        (paths.backups / f"whole-{made}.sqlite").touch()
    assert folder.is_due() is due


def test_a_new_backup_is_not_due_and_a_restore_point_is_none(
    store: SqliteStore, paths: LibraryPaths
) -> None:
    made = back_up(store, paths)
    folder = BackupFolder(paths.backups)
    assert not folder.is_due()
    made.path.rename(folder.free_name(POINT))
    assert folder.is_due()


def test_restoring_brings_everything_back_and_keeps_what_was_there(
    store: SqliteStore, paths: LibraryPaths, filled: dict[str, int]
) -> None:
    made = back_up(store, paths)
    name_it(store, filled["7.jpg"], "Waldi")
    with pytest.raises(LibraryInUse):
        restoring.restore(paths)
    store.close()
    newer = content(paths.store)
    (paths.root / "index").mkdir()
    (paths.root / "index" / "shard").touch()
    report = restoring.restore(paths)
    assert report.source == made.path and not (paths.root / "index").exists()
    assert (report.folders, report.photos, report.edits, report.to_index) == (1, 40, 1, 0)
    assert content(report.restore_point) == newer
    again = opened(paths)
    assert names(again) == ["Rex"] and again.faults() == ()
    again.close()
    second = restoring.restore(paths, "before-restore")
    assert second.source == report.restore_point and content(paths.store) == newer
    with pytest.raises(BadRequest, match="More than one"):
        restoring.restore(paths, "before-restore")
    with pytest.raises(BadRequest, match="There is no backup yesterday"):
        restoring.restore(paths, "yesterday")


def test_thumbnails_of_other_photos_do_not_stay(
    store: SqliteStore, paths: LibraryPaths, folder_id: int, index_all: IndexAll, tmp_path: Path
) -> None:
    """Their numbers are given again after a restore, and other libraries have the same numbers."""
    kept: dict[int, bytes] = {}
    store.files.record_found(folder_id, [("a.jpg", 10, 1), ("b.jpg", 10, 2)])
    index_all(thumbnails=kept)
    elsewhere = shutil.copy(back_up(store, paths).path, tmp_path / "elsewhere.sqlite")
    store.files.record_found(folder_id, [("c.jpg", 10, 1)])
    index_all(thumbnails=kept)
    thumbnails = ThumbnailCache(paths.thumbnails)
    for photo_id, jpeg in kept.items():
        thumbnails.put(photo_id, jpeg)
    store.close()
    restoring.restore(paths)
    assert thumbnails.ids() == {1, 2} and len(kept) == 3
    connection = sqlite3.connect(elsewhere)
    connection.execute("UPDATE photos SET content_hash = x'00' WHERE id = 2")
    connection.commit()
    connection.close()
    restoring.restore(paths, elsewhere)
    assert thumbnails.ids() == {1}
    thumbnails.close()


def test_restoring_goes_on_where_a_kill_interrupted_it(
    store: SqliteStore,
    paths: LibraryPaths,
    filled: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A kill before the first rename leaves the old library, one after it the restored one."""
    back_up(store, paths)
    name_it(store, filled["7.jpg"], "Waldi")
    store.close()
    left = []
    for step in ("_empty_log", "_take_its_place", "sync_folder"):
        with monkeypatch.context() as patch:
            patch.setattr(restoring, step, killed)
            with pytest.raises(KeyboardInterrupt):
                restoring.restore(paths)
        again = opened(paths)
        left.append(names(again))
        if left[-1] == ["Rex"]:
            name_it(again, filled["7.jpg"], "Waldi")
        again.close()
        assert not list(paths.root.glob("*.restored*"))
    assert left == [["Waldi"], ["Rex"], ["Rex"]]


def killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_damaged_backup_is_passed_over(
    store: SqliteStore, paths: LibraryPaths, filled: dict[str, int]
) -> None:
    good = back_up(store, paths).path
    good = good.rename(good.with_name("whole-2026-01-10-120000.sqlite"))
    bad = back_up(store, paths).path
    store.close()
    bad.write_bytes(bad.read_bytes()[:5000])
    assert restoring.restore(paths).source == good
    before = paths.store.read_bytes()
    with pytest.raises(StoreDamaged):
        restoring.restore(paths, bad.name)
    good.write_bytes(b"no database at all" * 1000)
    with pytest.raises(StoreDamaged):
        restoring.restore(paths)
    assert paths.store.read_bytes() == before
    assert not paths.restored.exists()


def test_a_foreign_or_newer_file_is_not_put_in_place(
    store: SqliteStore, paths: LibraryPaths, tmp_path: Path
) -> None:
    store.close()
    foreign, newer = tmp_path / "recipes.sqlite", tmp_path / "newer.sqlite"
    shutil.copy(paths.store, newer)
    for path, statement in (
        (foreign, "CREATE TABLE recipes(name TEXT)"),
        (newer, "PRAGMA user_version = 1000"),
    ):
        connection = sqlite3.connect(path)
        connection.execute(statement)
        connection.close()
    before = paths.store.read_bytes()
    with pytest.raises(StoreDamaged, match="not made by Pickout"):
        restoring.restore(paths, foreign)
    with pytest.raises(StoreTooNew):
        restoring.restore(paths, newer)
    assert paths.store.read_bytes() == before


def test_a_library_that_is_gone_is_not_begun_anew_over_its_backups(
    store: SqliteStore, paths: LibraryPaths, filled: dict[str, int]
) -> None:
    back_up(store, paths)
    store.close()
    for gone in (paths.store.unlink, paths.store.touch):
        gone()
        with pytest.raises(StoreDamaged, match="gone") as raised:
            opened(paths)
        assert "last backup back" in raised.value.hint
    restoring.restore(paths)
    again = opened(paths)
    assert names(again) == ["Rex"]
    again.close()


def test_without_a_backup_restoring_says_so(store: SqliteStore, paths: LibraryPaths) -> None:
    store.close()
    with pytest.raises(BadRequest, match="no backup") as raised:
        restoring.restore(paths)
    assert "--salvage" in raised.value.hint


def page_of(path: Path, name: str) -> tuple[int, int]:
    """The first page of a table or an index, and the size of a page."""
    connection = sqlite3.connect(path)
    try:
        query = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
        root = connection.execute(query, (name,)).fetchone()[0]
        return root, connection.execute("PRAGMA page_size").fetchone()[0]
    finally:
        connection.close()


def spoil(path: Path, page: int, size: int) -> None:
    with open(path, "rb+") as file:
        file.seek((page - 1) * size)
        file.write(random.Random(5).randbytes(size))


def test_damage_is_found_by_a_backup_and_said_at_the_next_opening(
    store: SqliteStore, paths: LibraryPaths, filled: dict[str, int]
) -> None:
    good = back_up(store, paths)
    store.close()
    spoil(paths.store, *page_of(paths.store, "files_suffix"))
    damaged = opened(paths)
    with pytest.raises(StoreDamaged):
        back_up(damaged, paths)
    assert BackupFolder(paths.backups).all() == (good,), "a damaged one never replaces a sound one"
    damaged.close()
    with pytest.raises(StoreDamaged, match="found damaged"):
        opened(paths)
    opened(paths).close()
    restoring.restore(paths)
    again = opened(paths)
    assert again.faults() == () and names(again) == ["Rex"]
    again.close()


def test_an_edit_that_the_disk_has_changed_goes_into_no_backup(
    store: SqliteStore, paths: LibraryPaths, filled: dict[str, int]
) -> None:
    good = back_up(store, paths)
    store.close()
    content = paths.store.read_bytes()
    assert content.count(b'{"name": "Rex"}') == 1
    paths.store.write_bytes(content.replace(b'{"name": "Rex"}', b'{"name": "Rey"}'))
    damaged = opened(paths)
    with pytest.raises(StoreDamaged, match="edits differ"):
        back_up(damaged, paths)
    damaged.close()
    assert BackupFolder(paths.backups).all() == (good,) and paths.damaged.exists()


def test_what_can_be_read_is_salvaged(
    store: SqliteStore, paths: LibraryPaths, folder_id: int, index_all: IndexAll
) -> None:
    store.files.record_found(folder_id, [(f"{i}.jpg", 10, i) for i in range(600)])
    photos = index_all()
    name_it(store, photos["7.jpg"])
    store.close()
    before = content(paths.store)
    connection = sqlite3.connect(paths.store)
    query = "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY path"
    try:
        leaves = {
            name: [row[0] for row in connection.execute(query, (name,))]
            for name in ("region_blocks", "photos")
        }
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    except sqlite3.OperationalError:
        pytest.skip("this SQLite does not tell which page belongs to what")
    finally:
        connection.close()
    spoil(paths.store, leaves["photos"][len(leaves["photos"]) // 2], size)
    spoil(paths.store, leaves["region_blocks"][5], size)
    spoil(paths.store, *page_of(paths.store, "files_suffix"))
    report = restoring.salvage(paths)
    assert report.restore_point.exists() and report.folders == 1 and report.edits == 1
    assert 400 < report.photos < 600, "all but those of one page"
    assert 0 < report.to_index < 150
    assert {line.split("“")[1].split("”")[0] for line in report.lost} == {
        "region_blocks",
        "photos",
    }
    again = opened(paths)
    try:
        assert again.faults() == () and again.counts.repair() == () and names(again) == ["Rex"]
    finally:
        again.close()
    after = content(paths.store)
    assert len(after["files"]) == 600, "their photos are looked at again"
    assert set(after["photos"]) <= set(before["photos"])


def test_nothing_can_be_salvaged_of_what_is_no_database(
    store: SqliteStore, paths: LibraryPaths
) -> None:
    store.close()
    paths.store.write_bytes(b"\0" * 8192)
    with pytest.raises(StoreDamaged):
        restoring.salvage(paths)
    assert paths.store.read_bytes() == b"\0" * 8192
