"""How a database file gets to the newest version of the schema, see ``schema_versions``."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from sqlite_utils import Database as UtilsDatabase
from sqlite_utils import Migrations

from engine.errors import NotALibrary, StoreTooNew
from engine.store.schema_versions import MIGRATIONS
from engine.store.sqlite_file import database_copy
from engine.store.sqlite_file.database import BUSY_TIMEOUT_S, translated

_FREE_SHARE = 0.2
"""Share of free pages after a migration from which the file is written anew without them."""

APPLICATION_ID = 0x5049434B
"""``PICK`` in ASCII: marks an SQLite file as a library of ours."""


def migrate(path: Path, migrations: Migrations = MIGRATIONS, *, keep_copy: bool = True) -> None:
    """Bring the file to the newest schema, making it if it is not there.

    All migrations are one transaction: a kill leaves the old version or the newest one. Before an
    existing library is changed, a copy is put beside it as ``<name>.before-<migration>`` and
    checked; a damaged library is not changed.

    Args:
        keep_copy: False for a file that is itself a copy.

    Raises:
        StoreTooNew: a newer Pickout has written it.
        NotALibrary: it belongs to another program.
        StoreDamaged: it is damaged, or not an SQLite file.
        DiskFull: no room for the copy or the change.
    """
    with translated("opening the library", path):
        connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S)
        try:
            connection.execute("PRAGMA mmap_size = 0")
            _bring_up(connection, path, migrations, keep_copy)
        finally:
            connection.close()


def refuse_newer(
    connection: sqlite3.Connection, path: Path, migrations: Migrations = MIGRATIONS
) -> None:
    """Read who wrote the file.

    Raises:
        StoreTooNew, NotALibrary: as for ``migrate``.
    """
    mark = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if mark != APPLICATION_ID and (mark or tables):
        raise NotALibrary(
            "This database was not made by Pickout.",
            operation="opening the library",
            path=path,
            hint="Choose another folder for the library.",
        )
    known = _known(migrations)
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(known) or not _applied(connection, migrations.name) <= known:
        raise StoreTooNew(
            "This library was written by a newer version of Pickout.",
            operation="opening the library",
            path=path,
            hint="Install the newest version, or choose another library.",
        )


def is_current(connection: sqlite3.Connection, migrations: Migrations = MIGRATIONS) -> bool:
    """Whether nothing is left to migrate."""
    return _known(migrations) <= _applied(connection, migrations.name)


def _bring_up(
    connection: sqlite3.Connection, path: Path, migrations: Migrations, keep_copy: bool
) -> None:
    refuse_newer(connection, path, migrations)
    if is_current(connection, migrations):
        return
    db = UtilsDatabase(connection)
    applied = _applied(connection, migrations.name)
    if applied and keep_copy:
        first = migrations.pending(db)[0].name
        database_copy.copy(connection, path.with_name(f"{path.name}.before-{first}"))
    with db.atomic():
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        migrations.apply(db)
        connection.execute(f"PRAGMA user_version = {len(_known(migrations))}")
    _shrink(connection)


def _shrink(connection: sqlite3.Connection) -> None:
    """Give the room that a migration left back to the disk, which needs as much once more; without
    it, new rows fill that room."""
    free, pages = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("freelist_count", "page_count")
    )
    if free > _FREE_SHARE * pages:
        with contextlib.suppress(sqlite3.OperationalError):
            connection.execute("VACUUM")


def _known(migrations: Migrations) -> set[str]:
    """All names of the set: what would be pending for a file that has nothing yet."""
    db = UtilsDatabase(memory=True)
    try:
        return {migration.name for migration in migrations.pending(db)}
    finally:
        db.close()


def _applied(connection: sqlite3.Connection, name: str) -> set[str]:
    exists = connection.execute(
        "SELECT 1 FROM sqlite_schema WHERE name = ?", (Migrations.migrations_table,)
    ).fetchone()
    if not exists:
        return set()
    query = f"SELECT name FROM {Migrations.migrations_table} WHERE migration_set = ?"
    return {row[0] for row in connection.execute(query, (name,))}
