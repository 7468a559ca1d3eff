"""Copies a library table by table: only what cannot be made again, or what can still be read."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from sqlite_utils import Migrations

from engine.store import migrations
from engine.store.sqlite_file.database_copy import Between, calling

DERIVED = frozenset({"indexings", "region_blocks"})
"""Tables that are made again from the photos; nearly all of a library's bytes."""
_COUNTERS = frozenset({"file_counts", "ready_counts", "profile_counts"})
"""Filled by triggers."""
_FARTHEST = 1 << 62
_MEND = (
    "DELETE FROM files WHERE folder_id NOT IN (SELECT id FROM folders)",
    """UPDATE files SET photo_id = NULL, state = 'pending'
       WHERE photo_id IS NOT NULL AND photo_id NOT IN (SELECT id FROM photos)""",
    "DELETE FROM photos WHERE id NOT IN (SELECT photo_id FROM files WHERE photo_id IS NOT NULL)",
    """DELETE FROM indexings WHERE photo_id NOT IN (SELECT id FROM photos)
       OR profile_id NOT IN (SELECT id FROM profiles)
       OR NOT EXISTS (SELECT 1 FROM region_blocks b WHERE b.photo_id = indexings.photo_id
           AND b.profile_id = indexings.profile_id AND b.regions = indexings.things + 1)""",
    """DELETE FROM region_blocks WHERE NOT EXISTS (SELECT 1 FROM indexings i
       WHERE i.photo_id = region_blocks.photo_id AND i.profile_id = region_blocks.profile_id)""",
    "DELETE FROM failures WHERE file_id NOT IN (SELECT id FROM files)",
    "DELETE FROM skips WHERE folder_id NOT IN (SELECT id FROM folders)",
    "DELETE FROM looks WHERE photo_id NOT IN (SELECT id FROM photos)",
    "DELETE FROM paces WHERE profile_id NOT IN (SELECT id FROM profiles)",
)
"""Makes the tables agree again after rows were lost."""


def copy_essentials(source_uri: str, target: Path, between: Between) -> None:
    """Make a library at ``target`` of all tables but the derived ones, as they are at one moment.

    Args:
        source_uri: of a library, with the mode in which it may be opened.

    Raises:
        sqlite3.Error: the source is damaged, or the target cannot be written.
    """
    with _new_library(target) as made, calling(made, between):
        made.execute("ATTACH ? AS source", (source_uri,))
        made.execute("BEGIN")
        there = _tables(made, "source.")
        for table in _tables(made):
            if table in there and table not in DERIVED:
                listed = _listed(_shared_columns(made, "source.", made, table))
                made.execute(
                    f'INSERT INTO main."{table}"({listed}) SELECT {listed} FROM source."{table}"'
                )
        made.execute("DELETE FROM main.sqlite_sequence")
        made.execute("INSERT INTO main.sqlite_sequence SELECT * FROM source.sqlite_sequence")
        made.execute("COMMIT")


def salvage(source: sqlite3.Connection, target: Path) -> tuple[str, ...]:
    """Make a library at ``target`` of every row that can be read.

    Returns:
        What was lost, in words.

    Raises:
        sqlite3.Error: not even the names of the tables can be read.
    """
    lost = []
    with _new_library(target) as made:
        made.execute("BEGIN")
        there = _tables(source)
        for table in _tables(made):
            if table not in there:
                continue
            columns = _shared_columns(source, "", made, table)
            insert = f"""INSERT OR IGNORE INTO "{table}"({_listed(columns)})
                         VALUES ({",".join("?" * len(columns))})"""
            failures: list[str] = []
            for row in _rows(source, table, columns, failures):
                made.execute(insert, row)
            if failures:
                lost.append(f"rows of the table “{table}” ({failures[0]})")
        for statement in _MEND:
            made.execute(statement)
        made.execute("COMMIT")
    return tuple(lost)


@contextlib.contextmanager
def _new_library(target: Path) -> Iterator[sqlite3.Connection]:
    migrations.migrate(target)
    made = sqlite3.connect(target.absolute().as_uri(), uri=True, isolation_level=None)
    try:
        made.execute("PRAGMA synchronous = OFF")  # the whole file is synced when it is finished
        yield made
    finally:
        made.close()


def _tables(connection: sqlite3.Connection, schema: str = "") -> list[str]:
    """Those to copy, in the order in which they were made: folders first."""
    query = f"""SELECT name FROM {schema}sqlite_schema
               WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid"""
    made_otherwise = _COUNTERS | {Migrations.migrations_table}
    return [row[0] for row in connection.execute(query) if row[0] not in made_otherwise]


def _shared_columns(
    source: sqlite3.Connection, schema: str, made: sqlite3.Connection, table: str
) -> list[str]:
    """Columns that hold values in both: generated ones are left out, as are those that an older
    library lacks."""
    query = f'PRAGMA {{}}table_xinfo("{table}")'
    known = {row[1] for row in source.execute(query.format(schema))}
    return [row[1] for row in made.execute(query.format("main.")) if not row[6] and row[1] in known]


def _listed(columns: list[str]) -> str:
    return ",".join(f'"{name}"' for name in columns)


def _rows(
    source: sqlite3.Connection, table: str, columns: list[str], failures: list[str]
) -> Iterator[tuple]:
    """All rows of a table that can be read; the reasons why others cannot go to ``failures``."""
    query = f'SELECT {_listed(columns)} FROM "{table}"'
    if _has_rowids(source, table):
        yield from _rows_around_damage(source, table, columns, failures)
    else:
        keys = _listed(
            [row[1] for row in source.execute(f'PRAGMA table_info("{table}")') if row[5]]
        )
        backwards = ",".join(f"{key} DESC" for key in keys.split(","))
        for order in (keys, backwards):
            try:
                yield from source.execute(f"{query} ORDER BY {order}")
                return
            except sqlite3.DatabaseError as error:
                failures.append(str(error))


def _has_rowids(source: sqlite3.Connection, table: str) -> bool:
    row = source.execute("SELECT wr FROM pragma_table_list WHERE name = ?", (table,)).fetchone()
    return row is not None and not row[0]


def _rows_around_damage(
    source: sqlite3.Connection, table: str, columns: list[str], failures: list[str]
) -> Iterator[tuple]:
    """Rows in the order of their numbers. Where one cannot be read, numbers are skipped in growing
    steps until reading works again, and what was skipped too far is read backwards."""
    query = f"""SELECT rowid, {_listed(columns)} FROM "{table}" NOT INDEXED
                WHERE rowid > ? AND rowid < ? ORDER BY rowid"""
    last, reach = 0, 1
    while last < _FARTHEST:
        first = True
        try:
            for row in source.execute(query, (last, _FARTHEST)):
                if first and reach > 1:
                    yield from _backwards(source, query, last - reach // 2, row[0])
                first, reach, last = False, 1, row[0]
                yield row[1:]
            return
        except sqlite3.DatabaseError as error:
            failures.append(str(error))
            last += reach
            reach *= 2


def _backwards(source: sqlite3.Connection, query: str, after: int, before: int) -> Iterator[tuple]:
    try:
        for row in source.execute(f"{query} DESC", (after, before)):
            yield row[1:]
    except sqlite3.DatabaseError:
        return  # the damage from its other side
