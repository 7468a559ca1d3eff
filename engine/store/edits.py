"""The table of edits."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from typing import Any

from engine.errors import BadRequest
from engine.records import EditKind, PhotoId
from engine.store.connections import Connection, Connections
from engine.store.protocols.edit_table import Edit
from engine.store.rows import now

_COLUMNS = "act, content_hash, size_bytes, kind, subject, details_json, made_at, undone"
_LATEST = """
    SELECT p.id, e.kind, e.subject, e.details_json FROM edits e
    LEFT JOIN photos p ON p.content_hash = e.content_hash AND p.size_bytes = e.size_bytes
    WHERE e.kind = ? AND {about} AND e.undone = 0 AND NOT EXISTS (
        SELECT 1 FROM edits later WHERE later.content_hash = e.content_hash
            AND later.size_bytes = e.size_bytes AND later.kind = e.kind
            AND later.subject = e.subject AND later.undone = 0 AND later.id > e.id)
    ORDER BY e.id
"""
"""A photo's edits are few, so looking for a later one of each is quick."""


class Edits:
    """The table ``edits``; see ``EditTable``."""

    def __init__(self, db: Connections) -> None:
        self._db = db

    def record(self, edits: Sequence[Edit]) -> None:
        """See ``EditTable``."""
        content = "SELECT content_hash, size_bytes FROM photos WHERE id = ?"
        insert = f"""INSERT INTO edits({_COLUMNS}, checksum)
                     VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0) RETURNING id"""
        with self._db.writing(durable=True) as connection:
            connection.execute("DELETE FROM edits WHERE undone = 1")
            act, made_at = 0, now()
            for edit in edits:
                photo = connection.execute(content, (edit.photo_id,)).fetchone()
                if photo is None:
                    raise BadRequest(
                        "This photo is no longer in the library.", operation="changing a photo"
                    )
                details = json.dumps(edit.details, ensure_ascii=False)
                row = (*photo, edit.kind.value, edit.subject, details, made_at)
                given = connection.execute(insert, (act, *row)).fetchone()
                if not act:
                    act = given[0]
                    connection.execute("UPDATE edits SET act = id WHERE id = ?", (act,))
            _seal(connection, act)

    def undo(self) -> tuple[Edit, ...]:
        """See ``EditTable``."""
        return self._turn("max(act)", undone=0)

    def redo(self) -> tuple[Edit, ...]:
        """See ``EditTable``."""
        return self._turn("min(act)", undone=1)

    def of_photo(self, photo_id: PhotoId, kind: EditKind) -> tuple[Edit, ...]:
        """See ``EditTable``."""
        return self._latest("p.id = ?", kind, photo_id)

    def about(self, kind: EditKind, subject: str) -> tuple[Edit, ...]:
        """See ``EditTable``."""
        return self._latest("e.subject = ?", kind, subject)

    def faults(self) -> tuple[str, ...]:
        """Damage, for people; empty if all is well."""
        with self._db.reading() as connection:
            rows = connection.execute(f"SELECT checksum, id, {_COLUMNS} FROM edits")
            damaged = sum(row[0] != _checksum(row[1:]) for row in rows)
        return (f"database: {damaged} edits differ from what was stored",) if damaged else ()

    def _turn(self, which: str, undone: int) -> tuple[Edit, ...]:
        """Undo or redo an act; its edits."""
        with self._db.writing(durable=True) as connection:
            row = connection.execute(
                f"SELECT {which} FROM edits WHERE undone = ?", (undone,)
            ).fetchone()
            if row is None or row[0] is None:
                return ()
            connection.execute("UPDATE edits SET undone = ? WHERE act = ?", (1 - undone, row[0]))
            _seal(connection, row[0])
            return _edits(
                connection,
                """SELECT p.id, e.kind, e.subject, e.details_json FROM edits e LEFT JOIN photos p
                   ON p.content_hash = e.content_hash AND p.size_bytes = e.size_bytes
                   WHERE e.act = ? ORDER BY e.id""",
                (row[0],),
            )

    def _latest(self, about: str, kind: EditKind, value: int | str) -> tuple[Edit, ...]:
        with self._db.reading() as connection:
            found = _edits(connection, _LATEST.format(about=about), (kind.value, value))
        return tuple(edit for edit in found if edit.details)


def _seal(connection: Connection, act: int) -> None:
    """Compute the checksums of an act's rows."""
    rows = connection.execute(f"SELECT id, {_COLUMNS} FROM edits WHERE act = ?", (act,)).fetchall()
    for row in rows:
        connection.execute("UPDATE edits SET checksum = ? WHERE id = ?", (_checksum(row), row[0]))


def _checksum(row: Sequence[Any]) -> int:
    values = (bytes(value) if isinstance(value, memoryview) else value for value in row)
    return zlib.crc32(repr(tuple(values)).encode("utf-8", "surrogatepass"))


def _edits(connection: Connection, query: str, values: tuple[object, ...]) -> tuple[Edit, ...]:
    return tuple(
        Edit(
            None if photo_id is None else PhotoId(photo_id),
            EditKind(kind),
            subject,
            json.loads(details),
        )
        for photo_id, kind, subject, details in connection.execute(query, values)
    )
