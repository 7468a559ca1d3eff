"""How a database on a server gets to the newest version of the schema, see ``schema``."""

from __future__ import annotations

from engine.errors import ServerProblem, StoreDamaged, StoreTooNew
from engine.postgres.connection import OLDEST_PGVECTOR, OLDEST_SERVER, Server, Session
from engine.postgres.schema import IDS_LOCK, MIGRATIONS

_OPENING = "opening the library"


def migrate(server: Server) -> None:
    """Bring the database to the newest schema, in one transaction. Others that open it wait.

    Raises:
        StoreTooNew: a newer Pickout has written it.
        ServerProblem: the server is too old, or has no pgvector.
    """
    with server.writing(_OPENING) as session:
        _refuse_old(server, session)
        session.execute(f"SELECT pg_advisory_xact_lock({IDS_LOCK}, 0)")
        _add_pgvector(server, session)
        session.execute(
            "CREATE TABLE IF NOT EXISTS migrations(name text PRIMARY KEY, applied_at timestamptz)"
        )
        applied = _applied(server, session)
        for name, script in MIGRATIONS:
            if name not in applied:
                session.raw.execute(script)
                session.execute("INSERT INTO migrations VALUES (?, now())", (name,))


def refuse_unfit(server: Server) -> None:
    """Check a database that is opened for reading only.

    Raises:
        StoreTooNew: a newer Pickout has written it.
        StoreDamaged: there is no library in it, or one of an older version.
    """
    with server.reading(_OPENING) as session:
        _refuse_old(server, session)
        there = session.execute("SELECT to_regclass('migrations') IS NOT NULL").fetchone()
        applied = _applied(server, session) if there and there[0] else set()
        if len(applied) < len(MIGRATIONS):
            raise StoreDamaged(
                f"There is no library of this version at {server.address}.",
                operation=_OPENING,
                hint="Open it once for writing, which makes it or brings it up to date.",
            )


def _refuse_old(server: Server, session: Session) -> None:
    version = session.raw.info.server_version
    encoding = session.raw.info.parameter_status("server_encoding")
    if version < OLDEST_SERVER or encoding != "UTF8":
        raise ServerProblem(
            f"The server {server.address} has PostgreSQL {version // 10000} with the encoding "
            f"{encoding}.",
            operation=_OPENING,
            hint=f"Use PostgreSQL {OLDEST_SERVER // 10000} or newer, and a database in UTF8.",
        )


def _add_pgvector(server: Server, session: Session) -> None:
    """Raises:
    ServerProblem: pgvector is not there, cannot be added, or is too old.
    """
    query = "SELECT extversion FROM pg_extension WHERE extname = 'vector'"
    row = session.execute(query).fetchone()
    if row is None:
        available = session.execute(
            "SELECT 1 FROM pg_available_extensions WHERE name = 'vector'"
        ).fetchone()
        if available is None:
            raise ServerProblem(
                f"The server {server.address} lacks the extension pgvector.",
                operation=_OPENING,
                hint="Install pgvector 0.8 or newer on the server.",
            )
        session.execute("CREATE EXTENSION vector SCHEMA public")
        row = session.execute(query).fetchone()
    assert row is not None
    if tuple(int(part) for part in row[0].split(".")[:2]) < OLDEST_PGVECTOR:
        raise ServerProblem(
            f"The server {server.address} has pgvector {row[0]}, which is too old.",
            operation=_OPENING,
            hint="Install pgvector 0.8 or newer, then run: ALTER EXTENSION vector UPDATE",
        )


def _applied(server: Server, session: Session) -> set[str]:
    applied = {row[0] for row in session.execute("SELECT name FROM migrations")}
    if not applied <= {name for name, _ in MIGRATIONS}:
        raise StoreTooNew(
            f"The library {server.address} was written by a newer version of Pickout.",
            operation=_OPENING,
            hint="Install the newest version, or choose another library.",
        )
    return applied
