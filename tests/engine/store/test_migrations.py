"""New, current, old, too new, and foreign files."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from sqlite_utils import Database as UtilsDatabase
from sqlite_utils import Migrations

from engine.errors import StoreDamaged, StoreTooNew
from engine.paths import LibraryPaths
from engine.records import Filter, FilterKind, PhotoId, PhotoMetadata, Span
from engine.scoring.model_answer import ModelAnswer
from engine.store import migrations, schema_versions
from engine.store.blocks import region_block
from engine.store.migrations import APPLICATION_ID, migrate
from engine.store.schema_versions import MIGRATIONS
from engine.store.sqlite_store import SqliteStore


def product_migrations(before: str = "") -> Migrations:
    """All of the product's migrations, or those before one of them."""
    made = Migrations(MIGRATIONS.name)
    with closing(UtilsDatabase(memory=True)) as empty:
        for migration in MIGRATIONS.pending(empty):
            if migration.name == before:
                break
            made(name=migration.name)(migration.fn)
    return made


def known() -> set[str]:
    return migrations._known(MIGRATIONS)


def the_first(count: int) -> Migrations:
    """So many of the product's migrations."""
    made = Migrations(MIGRATIONS.name)
    for migration in MIGRATIONS.pending(UtilsDatabase(memory=True))[:count]:
        made(name=migration.name)(migration.fn)
    return made


def newer(fail: bool = False) -> Migrations:
    """The product's migrations and one more."""
    made = the_first(len(known()))

    @made()
    def m9999_add_stars(db) -> None:
        db.execute("ALTER TABLE photos ADD COLUMN stars INTEGER")
        if fail:
            raise ZeroDivisionError

    return made


def tables(path: Path) -> dict[str, str]:
    connection = sqlite3.connect(path)
    try:
        return dict(connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'"))
    finally:
        connection.close()


def test_a_new_file_is_marked_as_ours(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    migrate(path)
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
    assert connection.execute("PRAGMA user_version").fetchone()[0] == len(known())
    connection.close()
    assert {"folders", "files", "photos", "region_blocks", "failures"} <= set(tables(path))


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    migrate(path)
    before = path.read_bytes()
    migrate(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.sqlite"]


def test_an_older_file_is_copied_before_it_is_changed(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    migrate(path)
    migrate(path, newer())
    assert "stars" in tables(path)["photos"]
    copy = tmp_path / "a.sqlite.before-m9999_add_stars"
    assert "stars" not in tables(copy)["photos"]


def test_a_failing_migration_leaves_the_old_schema(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    migrate(path)
    with pytest.raises(ZeroDivisionError):
        migrate(path, newer(fail=True))
    assert "stars" not in tables(path)["photos"]
    migrate(path, newer())
    assert "stars" in tables(path)["photos"]


@pytest.mark.parametrize("read_only", [False, True])
def test_a_newer_library_is_refused(paths: LibraryPaths, read_only: bool) -> None:
    SqliteStore.open(paths).close()
    migrate(paths.store, newer())
    with pytest.raises(StoreTooNew):
        SqliteStore.open(paths, read_only=read_only)
    with pytest.raises(StoreTooNew):  # the refusal holds no lock
        SqliteStore.open(paths)


def test_a_foreign_database_is_refused_and_untouched(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE recipes(name TEXT)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreDamaged, match="not made by Pickout"):
        migrate(path)
    assert path.read_bytes() == before


def test_a_version_that_only_a_newer_one_writes_is_refused(paths: LibraryPaths) -> None:
    """Also by its number alone, if the newer version keeps its list elsewhere."""
    SqliteStore.open(paths).close()
    connection = sqlite3.connect(paths.store)
    connection.execute(f"PRAGMA user_version = {len(known()) + 1}")
    connection.close()
    for read_only in (False, True):
        with pytest.raises(StoreTooNew):
            SqliteStore.open(paths, read_only=read_only)


@pytest.mark.parametrize("version", range(1, len(known())))
def test_a_kill_at_any_step_leaves_the_old_version_or_the_newest(
    tmp_path: Path, version: int
) -> None:
    """The files are kept as they lie at each statement, which is what a kill leaves."""
    path = tmp_path / "a.sqlite"
    migrate(path, the_first(version))
    before = tables(path)
    left = kept_at_each_statement(path, tmp_path / "kept")
    is_old = [tables(kept) == before for kept in left]
    assert len(left) > 5 and is_old[0] and is_old == sorted(is_old, reverse=True)
    for kept in left:
        assert tables(kept) in (before, tables(path))
        migrate(kept)
        assert tables(kept) == tables(path)


def kept_at_each_statement(path: Path, folder: Path) -> list[Path]:
    """Migrate; copies of the database and its journal, made before each statement of that."""
    copies: list[Path] = []
    connect = sqlite3.connect

    def keep(_: str) -> None:
        copies.append(folder / str(len(copies)) / path.name)
        copies[-1].parent.mkdir(parents=True)
        for part in (path, path.with_name(path.name + "-journal")):
            if part.exists():
                shutil.copy(part, copies[-1].parent)

    def traced(*args: object, **options: object) -> sqlite3.Connection:
        connection = connect(*args, **options)
        if Path(str(args[0])) == path:
            connection.set_trace_callback(keep)
        return connection

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", traced)
        migrate(path)
    return copies


def test_a_damaged_library_is_not_migrated(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    migrate(path, first_version())
    connection = sqlite3.connect(path)
    connection.executescript(
        "CREATE TABLE filler(text TEXT); CREATE INDEX filled ON filler(text);"
        + "INSERT INTO filler VALUES ('some text that fills the pages of the table');" * 300
    )
    page = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name='filled'").fetchone()
    size = connection.execute("PRAGMA page_size").fetchone()[0]
    connection.close()
    content = bytearray(path.read_bytes())
    content[(page[0] - 1) * size : (page[0] - 1) * size + 16] = b"\xff" * 16
    path.write_bytes(content)
    with pytest.raises(StoreDamaged, match="damaged"):
        migrate(path)
    assert path.read_bytes() == bytes(content)
    assert [p.name for p in tmp_path.iterdir()] == ["a.sqlite"]


def test_every_migration_is_described_in_the_schema_log() -> None:
    log = Path(migrations.__file__).with_name("SCHEMA.md").read_text(encoding="utf-8")
    for name in known():
        assert name in log


def first_version() -> Migrations:
    made = Migrations(MIGRATIONS.name)
    made(name="m0001_library")(schema_versions.m0001_library)
    return made


def second_version() -> Migrations:
    made = first_version()
    made(name="m0002_levels")(schema_versions.m0002_levels)
    return made


def test_photos_indexed_before_levels_existed_are_outlined(paths: LibraryPaths) -> None:
    paths.root.mkdir()
    migrate(paths.store, first_version())
    connection = sqlite3.connect(paths.store)
    connection.executescript(
        """
        INSERT INTO folders(id, path, added_at) VALUES (1, '/photos', '');
        INSERT INTO profiles(id, key, ndim, description) VALUES (1, 'p', 8, 'p');
        INSERT INTO photos(id, content_hash, size_bytes, width_px, height_px, dated_at, added_at)
            VALUES (1, x'00', 10, 4, 3, '', '');
        INSERT INTO indexings VALUES (1, 1, 'full', 0, '');
        INSERT INTO regions(photo_id, profile_id, kind, x0, y0, x1, y1, area_fraction,
            mask_score, vector) VALUES
            (1, 1, 'whole', 0, 0, 4, 3, 1, 1, x'003c003c003c003c003c003c003c003c');
        INSERT INTO files(folder_id, rel_path, size_bytes, mtime_ns, photo_id, state)
            VALUES (1, 'a.jpg', 10, 1, 1, 'ready'), (1, 'b.jpg', 10, 2, 1, 'ready'),
                (1, 'c.jpg', 10, 3, NULL, 'pending');
        """
    )
    connection.close()
    store = SqliteStore.open(paths)
    try:
        totals = store.counts.totals(1)
        assert (totals.photos, totals.searchable, totals.outlined, totals.pending) == (3, 2, 2, 1)
        assert store.counts.waiting(1) == (1, 0, 0)
        store.files.record_missing(1, ["a.jpg"])
        assert store.counts.totals(1).outlined == 1
        assert store.counts.repair() == () and store.faults() == ()
    finally:
        store.close()


def test_a_library_from_before_volumes_were_known(paths: LibraryPaths) -> None:
    paths.root.mkdir()
    migrate(paths.store, product_migrations("m0007_roots"))
    with closing(sqlite3.connect(paths.store)) as connection:
        connection.executescript(
            "INSERT INTO folders(id, path, added_at, last_scan_at) VALUES (1, '/photos', '', 'x');"
        )
    store = SqliteStore.open(paths)
    try:
        assert [folder.lacking for folder in store.folders.all(1)] == [0]
        assert store.folders.last_scan(1) == (None, "x", ())
        store.folders.record_scan(1, "uuid:1")
        assert store.folders.last_scan(1).volume == "uuid:1"
    finally:
        store.close()


def test_a_library_from_before_the_table_of_answers_can_store_them(paths: LibraryPaths) -> None:
    paths.root.mkdir()
    migrate(paths.store, second_version())
    connection = sqlite3.connect(paths.store)
    connection.executescript(
        """
        INSERT INTO folders(id, path, added_at) VALUES (1, '/photos', '');
        INSERT INTO photos(id, content_hash, size_bytes, width_px, height_px, dated_at, added_at)
            VALUES (1, x'00', 10, 4, 3, '', '');
        INSERT INTO files(folder_id, rel_path, size_bytes, mtime_ns, photo_id, state)
            VALUES (1, 'a.jpg', 10, 1, 1, 'ready');
        """
    )
    connection.close()
    store = SqliteStore.open(paths)
    try:
        assert paths.store.with_name("library.sqlite.before-m0003_looks").is_file()
        look = ModelAnswer(0.5, 1.0, None)
        store.model_answers.put(PhotoId(1), "cup", "model", look)
        assert store.model_answers.get(PhotoId(1), "cup", "model") == look
        assert store.faults() == ()
    finally:
        store.close()


def third_version() -> Migrations:
    made = second_version()
    made(name="m0003_looks")(schema_versions.m0003_looks)
    return made


def test_filters_find_the_files_of_a_library_from_before_them(paths: LibraryPaths) -> None:
    paths.root.mkdir()
    migrate(paths.store, third_version())
    connection = sqlite3.connect(paths.store)
    connection.executescript(
        """
        INSERT INTO folders(id, path, added_at) VALUES (1, '/photos', '');
        INSERT INTO profiles(id, key, ndim, description) VALUES (1, 'p', 8, 'p');
        INSERT INTO photos(id, content_hash, size_bytes, width_px, height_px, dated_at, added_at)
            VALUES (1, x'00', 10, 4, 3, '', ''), (2, x'01', 10, 4, 3, '', '');
        INSERT INTO indexings VALUES (1, 1, 'full', 0, ''), (2, 1, 'full', 0, '');
        INSERT INTO regions(photo_id, profile_id, kind, x0, y0, x1, y1, area_fraction,
            mask_score, vector) SELECT id, 1, 'whole', 0, 0, 4, 3, 1, 1,
            x'003c003c003c003c003c003c003c003c' FROM photos;
        INSERT INTO files(folder_id, rel_path, size_bytes, mtime_ns, photo_id, state)
            VALUES (1, 'a.b/sea.side/x.PNG', 10, 1, 1, 'ready'), (1, 'y.jpg', 10, 2, 2, 'ready');
        """
    )
    connection.close()
    store = SqliteStore.open(paths)
    try:
        for kind, value in ((FilterKind.FOLDER, "sea.side"), (FilterKind.FILE_TYPE, "png")):
            of_one = [Filter(kind, value, Span(0, 1))]
            assert store.photos.searchable_ids(1, frozenset(), 10, of_one) == [1]
    finally:
        store.close()


STORED = Path(__file__).parents[2] / "data" / "library_0_1" / "library" / "library.sqlite"


@pytest.fixture
def stored(paths: LibraryPaths) -> dict[int, list[sqlite3.Row]]:
    """A copy of a library that an older version wrote, at ``paths``; the rows of its regions by
    photo."""
    paths.root.mkdir()
    shutil.copy(STORED, paths.store)
    connection = sqlite3.connect(paths.store)
    connection.row_factory = sqlite3.Row
    found: dict[int, list[sqlite3.Row]] = {}
    for row in connection.execute("SELECT * FROM regions ORDER BY id"):
        found.setdefault(row["photo_id"], []).append(row)
    connection.close()
    return found


def test_regions_become_blocks_and_nothing_else_changes(
    paths: LibraryPaths, stored: dict[int, list[sqlite3.Row]]
) -> None:
    store = SqliteStore.open(paths)
    try:
        assert store.faults() == () and store.counts.repair() == ()
        assert "regions" not in tables(paths.store)
        for photo_id, (whole, *things) in stored.items():
            ids = [row["id"] for row in things]
            rows = store.regions.rows([photo_id], 1)[photo_id]
            assert rows.ids.tolist() == ids and rows.outlined
            exact = np.array([np.frombuffer(r["vector"], np.float16) for r in (whole, *things)])
            error = np.abs(np.vstack([rows.whole[None], rows.vectors]) - exact)
            assert (error <= np.abs(exact).max(axis=0) / 250 + 1e-6).all()
            regions = {region.id: region for region in store.regions.of_photo(photo_id, 1)}
            assert len(regions) == len(things)
            for row in things:
                region = regions[row["id"]]
                assert region == store.regions.get(row["id"])
                assert region.rle.counts == row["rle"]
                assert region.rle.size_hw == (row["rle_h"], row["rle_w"])
                assert region.box_xyxy.as_tuple() == pytest.approx(tuple(row)[4:8])
                assert region.mask_score == pytest.approx(row["mask_score"])
        every = [row["id"] for rows in stored.values() for row in rows]
        assert store.regions.ids(1).tolist() == sorted(every)
    finally:
        store.close()


def test_ids_of_deleted_regions_are_not_used_again_after_the_step_to_blocks(
    paths: LibraryPaths, stored: dict[int, list[sqlite3.Row]]
) -> None:
    connection = sqlite3.connect(paths.store)
    newest = max(stored)
    for table in ("regions", "indexings"):
        connection.execute(f"DELETE FROM {table} WHERE photo_id = ?", (newest,))
    connection.commit()
    connection.close()
    SqliteStore.open(paths).close()
    connection = sqlite3.connect(paths.store)
    query = "SELECT seq FROM sqlite_sequence WHERE name = 'region_blocks'"
    assert connection.execute(query).fetchall() == [(stored[newest][-1]["id"],)]
    connection.close()


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM regions WHERE id = (SELECT max(id) FROM regions)",
        "DELETE FROM regions WHERE id = (SELECT max(id) - 1 FROM regions)",
        "UPDATE regions SET vector = x'00' WHERE id = (SELECT max(id) FROM regions)",
        f"UPDATE regions SET vector = x'{'007e' * 395}' WHERE id = (SELECT max(id) FROM regions)",
    ],
)
def test_a_photo_with_damaged_rows_is_to_be_indexed_again(
    paths: LibraryPaths, stored: dict[int, list[sqlite3.Row]], damage: str
) -> None:
    connection = sqlite3.connect(paths.store)
    connection.execute(damage)
    connection.commit()
    connection.close()
    store = SqliteStore.open(paths)
    try:
        assert store.faults() == ()
        assert [file.photo_id for file in store.files.lacking(1, 10)] == [max(stored)]
        kept = sorted(set(stored) - {max(stored)})
        assert sorted(store.regions.rows(sorted(stored), 1)) == kept
    finally:
        store.close()


def test_a_stop_on_the_way_to_blocks_leaves_the_old_library(
    paths: LibraryPaths, stored: dict[int, list[sqlite3.Row]], monkeypatch: pytest.MonkeyPatch
) -> None:
    pack, packed = region_block.pack, []

    def stop(*values) -> bytes:
        if packed:
            raise KeyboardInterrupt
        packed.append(True)
        return pack(*values)

    monkeypatch.setattr(region_block, "pack", stop)
    with pytest.raises(KeyboardInterrupt):
        SqliteStore.open(paths)
    monkeypatch.undo()
    connection = sqlite3.connect(paths.store)
    count = sum(map(len, stored.values()))
    assert connection.execute("SELECT count(*) FROM regions").fetchone() == (count,)
    connection.close()
    store = SqliteStore.open(paths)
    try:
        assert len(store.regions.ids(1)) == count and store.faults() == ()
    finally:
        store.close()


def test_the_room_of_the_old_rows_is_given_back(
    paths: LibraryPaths, stored: dict[int, list[sqlite3.Row]]
) -> None:
    before = paths.store.stat().st_size
    SqliteStore.open(paths).close()
    with contextlib.closing(sqlite3.connect(paths.store)) as connection:
        free, pages = (
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("freelist_count", "page_count")
        )
    assert free <= migrations._FREE_SHARE * pages
    (copy,) = paths.root.glob("library.sqlite.before-*")
    assert copy.stat().st_size == before


def test_metadata_of_photos_from_before_it_was_read_is_due(paths: LibraryPaths) -> None:
    paths.root.mkdir()
    path = paths.store
    before = Migrations(MIGRATIONS.name)
    db = UtilsDatabase(memory=True)
    for migration in MIGRATIONS.pending(db):
        if migration.name != "m0006_metadata":
            before(name=migration.name)(migration.fn)
    db.close()
    migrate(path, before)
    connection = sqlite3.connect(path)
    connection.executescript(
        """
        INSERT INTO folders(id, path, added_at) VALUES (1, '/photos', '2024-01-01');
        INSERT INTO photos(id, content_hash, size_bytes, width_px, height_px, taken_at, camera,
            dated_at, added_at)
            VALUES (7, x'00', 1, 2, 2, '2020-01-02T03:04:05', 'Box', '2020', '2024-01-01');
        INSERT INTO files(id, folder_id, rel_path, size_bytes, mtime_ns, photo_id, state)
            VALUES (1, 1, 'a.jpg', 1, 1, 7, 'ready'), (2, 1, 'b.jpg', 1, 1, NULL, 'pending');
        """
    )
    connection.close()
    migrate(path)
    store = SqliteStore.open(paths)
    assert [file.id for file in store.files.metadata_due(9)] == [1]
    known = store.photos.metadata([PhotoId(7)])[PhotoId(7)]
    assert known == PhotoMetadata(taken_at="2020-01-02T03:04:05", camera="Box")
    store.close()
