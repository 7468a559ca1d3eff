"""Which indexer works on which file, so that no photo is indexed twice."""

from __future__ import annotations

import contextlib
import secrets
import threading

from engine.postgres.connection import Server, Session
from engine.store.rows import FileRow, IndexLevel

_CLASS = 0x50494B
"""First half of the advisory locks of indexers; the second is the indexer's number."""
_LEASE = "interval '1 hour'"
"""Longer than any photo takes; an indexer that hangs loses its files after it."""

OTHERS_ARE_LIVE = f"""c.claimed_at > now() - {_LEASE} AND EXISTS (SELECT 1 FROM pg_locks l
    WHERE l.locktype = 'advisory' AND l.classid = {_CLASS} AND l.objsubid = 2
        AND l.objid = c.owner::bigint::oid AND l.granted
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))"""
"""Whether a claim ``c`` holds: its indexer has its lock, which the server takes away with the
connection, and the lease is not over."""


class Claims:
    """The claims of one process, which is one indexer. Thread-safe.

    A connection of its own holds the indexer's lock: if the process is killed, the server ends
    the connection, and all its claims are void.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._lock = threading.Lock()
        self._holder: Session | None = None
        self._owner = 0

    def take(self, file: FileRow, profile_id: int, level: IndexLevel) -> bool:
        """See ``FileTable.claim``.

        What is seen after the row of the file was locked stays so until the end of the
        transaction: claims are made under this lock, and what ends the work updates the row.
        """
        owner = self._own_number()
        with self._server.writing() as session:
            # A claim need not outlive the server.
            session.execute("SET LOCAL synchronous_commit = off")
            locked = session.execute(
                "SELECT 1 FROM files WHERE id = ? FOR UPDATE SKIP LOCKED", (file.id,)
            ).fetchone()
            if locked is None:
                return False
            fresh = session.execute(
                f"""INSERT INTO claims AS mine(file_id, owner, claimed_at)
                    SELECT f.id, ?, now() FROM files f
                    WHERE f.id = ? AND f.missing_since IS NULL AND (f.state = 'pending'
                            OR f.state = 'ready' AND NOT EXISTS (SELECT 1 FROM indexings i
                                WHERE i.photo_id = f.photo_id AND i.profile_id = ?
                                    AND i.level IN ('full', ?)))
                        AND NOT EXISTS (SELECT 1 FROM claims c
                            WHERE c.file_id = f.id AND c.owner <> ? AND {OTHERS_ARE_LIVE})
                    ON CONFLICT (file_id) DO UPDATE
                        SET owner = excluded.owner, claimed_at = excluded.claimed_at
                    RETURNING 1""",
                (owner, file.id, profile_id, level.value, owner),
            ).fetchone()
        return fresh is not None

    @property
    def unclaimed(self) -> str:
        """A condition: no other indexer has the file ``f``."""
        return f"""AND NOT EXISTS (SELECT 1 FROM claims c
            WHERE c.file_id = f.id AND c.owner <> {self._owner} AND {OTHERS_ARE_LIVE})"""

    def close(self) -> None:
        """Give all claims up: others can take them when this returns."""
        with self._lock:
            holder, self._holder = self._holder, None
        if holder is not None:
            # The server frees the locks of a connection some time after its end.
            with contextlib.suppress(Exception):  # it may be gone already
                holder.execute("SELECT pg_advisory_unlock_all()")
            holder.raw.close()

    def _own_number(self) -> int:
        """The indexer's number, whose lock is held; after a lost connection it is taken again."""
        with self._lock:
            if self._holder is not None and self._is_held(self._holder):
                return self._owner
            self._holder = self._server.connect()
            while not self._locked(self._holder, self._owner or _drawn()):
                self._owner = _drawn()
            return self._owner

    def _locked(self, session: Session, number: int) -> bool:
        with self._server.explained("writing to the library"):
            row = session.execute(
                f"SELECT pg_try_advisory_lock({_CLASS}, ?::integer)", (number,)
            ).fetchone()
        self._owner = number
        return bool(row and row[0])

    def _is_held(self, holder: Session) -> bool:
        """Whether the connection is there, asked of the server: a lost one gives no sign."""
        import select

        if holder.raw.closed:
            return False
        # The server sends nothing on an idle connection until it ends it.
        readable, _, _ = select.select([holder.raw.fileno()], [], [], 0)
        if readable:
            holder.raw.close()
        return not readable


def _drawn() -> int:
    return secrets.randbelow(2**31 - 1) + 1
