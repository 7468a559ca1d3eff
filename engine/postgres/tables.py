"""Tables whose statements differ from SQLite's; all others are those of ``engine.store``."""

from __future__ import annotations

from collections.abc import Iterable

from engine.file_names import stored
from engine.postgres import vectors
from engine.postgres.claims import Claims
from engine.postgres.connection import Server, Session
from engine.postgres.retrying import retried
from engine.records import FolderId, PhotoId
from engine.store.blocks import region_block, region_masks
from engine.store.connections import Connection
from engine.store.counts import TRUE_COUNTS, Counts
from engine.store.files import FOUND_AGAIN, Files, in_batches
from engine.store.folders import Folders
from engine.store.profiles import Profiles
from engine.store.results import Results, packed
from engine.store.rows import AnalysedPhoto, FileRow, IndexLevel


class ServerFolders(Folders):
    """As ``Folders``; steps of a deletion may meet other indexers."""

    purge = retried(Folders.purge)


class ServerFiles(Files):
    """As ``Files``, with claims; a scan of many files takes one statement for a batch."""

    def __init__(self, server: Server, claims: Claims) -> None:
        super().__init__(server)
        self._claims = claims

    @property
    def _unclaimed(self) -> str:  # type: ignore[override]
        return self._claims.unclaimed

    def claim(self, file: FileRow, profile_id: int, level: IndexLevel) -> bool:
        """See ``FileTable``."""
        return self._claims.take(file, profile_id, level)

    def record_found(
        self, folder_id: FolderId, found: Iterable[tuple[str, int, int]]
    ) -> set[PhotoId]:
        """See ``FileTable``."""
        photos: set[PhotoId] = set()
        for batch in in_batches(found):
            files = list({file[0]: (stored(file[0]), *file[1:]) for file in batch}.values())
            photos |= self._record(folder_id, files)
        return photos

    @retried
    def _record(self, folder_id: FolderId, files: list[tuple[str, int, int]]) -> set[PhotoId]:
        # In one order, so that two scans of a folder wait for each other and do not block.
        query = f"""
            INSERT INTO files(folder_id, rel_path, size_bytes, mtime_ns)
            SELECT o.id, f.rel_path, f.size_bytes, f.mtime_ns
            FROM folders o, unnest(?::text[], ?::bigint[], ?::bigint[])
                AS f(rel_path, size_bytes, mtime_ns)
            WHERE o.id = ? AND o.removed_at IS NULL ORDER BY f.rel_path COLLATE "C"
            {FOUND_AGAIN}
        """
        columns = [list(column) for column in zip(*files, strict=True)]
        with self._db.writing() as connection:
            rows = connection.execute(query, (*columns, folder_id)).fetchall()
        return {PhotoId(row[0]) for row in rows if row[0] is not None}

    delete_missing = retried(Files.delete_missing)


class ServerResults(Results):
    """As ``Results``, with the vectors beside the blocks; a transaction that another indexer was in
    the way of runs again."""

    write = retried(Results.write)
    link_known = retried(Results.link_known)
    record_failure = retried(Results.record_failure)
    record_metadata = retried(Results.record_metadata)

    def _insert_regions(
        self, connection: Connection, photo_id: PhotoId, profile_id: int, photo: AnalysedPhoto
    ) -> None:
        """Under ids that were never used."""
        assert isinstance(connection, Session)
        block, count = packed(photo), len(photo.vectors)
        row = connection.execute("SELECT take_region_ids(?::integer)", (count,)).fetchone()
        assert row is not None
        connection.execute(
            "INSERT INTO region_blocks VALUES (?, ?, ?, ?, ?, ?)",
            (row[0], photo_id, profile_id, count, block, region_masks.encode(photo.rles)),
        )
        # As they are kept in the block, so that both give the same similarities.
        vectors.insert(connection, profile_id, row[0], region_block.decode(block).vectors())


class ServerCounts(Counts):
    """As ``Counts``; every statement adds rows to the counters, which are added up at times."""

    def record_throughput(self, profile_id: int, level: IndexLevel, per_second: float) -> None:
        """See ``CountTable``. An indexer calls it every few seconds: the time to add up."""
        super().record_throughput(profile_id, level, per_second)
        self.add_up()

    @retried
    def add_up(self) -> None:
        """Make one row of all rows of a counter."""
        with self._db.writing() as connection:
            for table, (_, keys, sums, _) in TRUE_COUNTS.items():
                connection.execute(
                    f"""WITH gone AS (DELETE FROM {table} RETURNING *)
                        INSERT INTO {table} SELECT {keys}, {sums} FROM gone GROUP BY {keys}"""
                )

    def repair(self) -> tuple[str, ...]:
        """See ``CountTable``. Indexers wait meanwhile."""
        with self._db.writing() as connection:
            connection.execute("LOCK TABLE files, indexings IN SHARE ROW EXCLUSIVE MODE")
            return super().repair()


class ServerProfiles(Profiles):
    """As ``Profiles``, with the index of a profile."""

    def free_bytes(self) -> int:
        """See ``ProfileTable``: a server keeps that to itself."""
        return 0

    def delete_step(self, profile_id: int) -> int:
        """See ``ProfileTable``."""
        count = super().delete_step(profile_id)
        if not count:
            with self._db.writing() as connection:
                connection.execute(f"DROP INDEX IF EXISTS {vectors.index_name(profile_id)}")
        return count
