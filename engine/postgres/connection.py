"""Connections to a PostgreSQL server, and what its errors mean. Only this module knows psycopg."""

from __future__ import annotations

import contextlib
import functools
import re
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import DiskFull, EngineError, ServerProblem
from engine.postgres.address import ServerAddress

if TYPE_CHECKING:
    import psycopg

OLDEST_SERVER = 150000
"""PostgreSQL 15, the oldest with all that the schema uses, as ``server_version`` has it."""
OLDEST_PGVECTOR = (0, 8)
"""The first with iterative scans."""
_OPENING = "opening the library"
_CONNECT_TIMEOUT_S = 10
_KEEPALIVES: dict[str, Any] = {
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}
"""A computer that is gone without a word is noticed after a minute, on both sides."""
_SERVER_OPTIONS = (
    "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3 "
    "-c jit=off -c timezone=UTC"
)
_BEGIN_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_OURS = re.compile(r"/\*pg (.*?)\*/")
_SQLITES = re.compile(r"INDEXED BY \w+")


@functools.lru_cache(maxsize=512)
def translated_sql(sql: str) -> str:
    """A statement of ``engine.store`` as psycopg takes it, see ``engine.store.connections``.

    >>> translated_sql("SELECT a FROM t INDEXED BY i WHERE b = ? /*pg FOR UPDATE */")
    'SELECT a FROM t  WHERE b = %s FOR UPDATE '
    """
    sql = _SQLITES.sub("", _OURS.sub(r"\1", sql))
    return sql.replace("%", "%%").replace("?", "%s")


class Session:
    """One connection to the server, used by one thread at a time."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.raw = connection

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> psycopg.Cursor:
        """Run one statement with ``?`` for its values; rows come in the binary format."""
        return self.raw.execute(translated_sql(sql), tuple(parameters), binary=True)

    def copy_binary(self, into: str, rows: bytes) -> None:
        """Append rows, in the layout of ``COPY ... WITH BINARY``, to a table and its columns."""
        header = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
        statement = f"COPY {into} FROM STDIN WITH (FORMAT BINARY)"
        with self.raw.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(header + rows + b"\xff\xff")


class Server:
    """Connections to one database, see ``engine.store.connections.Connections``. Thread-safe.

    A connection that was lost is replaced when the next one is needed, so work goes on once the
    server is there again.

    Args:
        read_only: ``writing`` raises RuntimeError.
    """

    path: Path | None = None

    def __init__(self, address: ServerAddress, *, read_only: bool = False) -> None:
        self.address = address
        self._read_only = read_only
        self._lock = threading.Lock()
        self._idle: list[Session] = []
        self._closed = False
        self._own = threading.local()
        self.give_back(self.connect())

    def connect(self) -> Session:
        """A new connection in autocommit mode, outside of the pool.

        Raises:
            ServerProblem: no answer, wrong password, or psycopg is not installed.
        """
        import_psycopg(self.address)
        import psycopg

        with self.explained(_OPENING):
            options = psycopg.conninfo.conninfo_to_dict(self.address.uri).get("options", "")
            connection = psycopg.connect(
                self.address.uri,
                autocommit=True,
                options=f"{_SERVER_OPTIONS} {options}",
                connect_timeout=_CONNECT_TIMEOUT_S,
                application_name="pickout",
                **_KEEPALIVES,
            )
        return Session(connection)

    @contextlib.contextmanager
    def writing(
        self, operation: str = "writing to the library", *, durable: bool = False
    ) -> Iterator[Session]:
        """One transaction; rolled back if the block raises. A block inside another one of the same
        thread belongs to its transaction.

        Args:
            durable: as every transaction of a server is.

        Raises:
            ServerProblem, DiskFull: see ``engine.errors``.
        """
        if self._read_only:
            raise RuntimeError("this library is open for reading only")
        outer = getattr(self._own, "session", None)
        if outer is not None:
            yield outer
            return
        with self._transaction(operation, "BEGIN", "COMMIT") as session:
            self._own.session = session
            try:
                yield session
            finally:
                self._own.session = None

    def reading(
        self, operation: str = "reading the library"
    ) -> contextlib.AbstractContextManager[Session]:
        """A transaction whose statements all see the same moment."""
        return self._transaction(operation, _BEGIN_READING, "ROLLBACK")

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for session in idle:
            session.raw.close()

    def give_back(self, session: Session) -> None:
        """Keep a connection for the next transaction."""
        with self._lock:
            if not self._closed and not session.raw.closed:
                self._idle.append(session)
                return
        session.raw.close()

    @contextlib.contextmanager
    def _transaction(self, operation: str, begin: str, end: str) -> Iterator[Session]:
        with self.explained(operation):
            session = self._begun(begin)
            try:
                yield session
                session.raw.execute(end)
            except BaseException:
                with contextlib.suppress(Exception):
                    session.raw.execute("ROLLBACK")
                raise
            finally:
                if session.raw.info.transaction_status != 0:
                    session.raw.close()
                self.give_back(session)

    def _begun(self, begin: str) -> Session:
        """A connection with a transaction; connections that the server has lost are left out."""
        import psycopg

        while (session := self._borrowed()) is not None:
            try:
                session.raw.execute(begin)
                return session
            except psycopg.OperationalError:
                session.raw.close()
        session = self.connect()
        session.raw.execute(begin)
        return session

    def _borrowed(self) -> Session | None:
        with self._lock:
            if self._closed:
                raise RuntimeError("this library is closed")
            return self._idle.pop() if self._idle else None

    @contextlib.contextmanager
    def explained(self, operation: str) -> Iterator[None]:
        """Turn psycopg's errors into the ones people are shown; a bug stays what it is.

        Raises:
            ServerProblem, DiskFull
        """
        import psycopg

        try:
            yield
        except psycopg.Error as error:
            meant = meaning(error, operation, self.address)
            if meant is None:
                raise
            # Without its cause: a message of libpq may have the password in it.
            raise meant from None


def import_psycopg(address: ServerAddress) -> None:
    """Raises:
    ServerProblem: psycopg is not installed.
    """
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        raise ServerProblem(
            f"The library {address} needs the package psycopg, which is not installed here.",
            operation=_OPENING,
            hint='Install it with: pip install "pickout[postgres]"',
        ) from error


def meaning(error: psycopg.Error, operation: str, address: ServerAddress) -> EngineError | None:
    """The environment's part in an error of psycopg, None if the code is to blame."""
    import psycopg

    state = error.sqlstate or ""
    if state == "53100":
        return DiskFull(
            f"The disk of the server {address} is full.",
            operation=operation,
            hint="Free some space there, then go on; nothing is lost.",
        )
    text = str(error)
    if state.startswith("28") or "password" in text:
        return ServerProblem(
            f"The server {address} does not accept this user or password.",
            operation=operation,
            hint="Check the user; give the password in PGPASSWORD or ~/.pgpass.",
        )
    if state == "3D000" or ("database" in text and "does not exist" in text):
        return ServerProblem(
            f"The server has no database for {address}.",
            operation=operation,
            hint="Create it, for example with: createdb NAME",
        )
    if state == "42501":
        return ServerProblem(
            f"The user of {address} may not do this ({_first_line(error)}).",
            operation=operation,
            hint="Ask the server's administrator for the right.",
        )
    if isinstance(error, psycopg.OperationalError) and not state.startswith(("40", "55")):
        return ServerProblem(
            f"The server {address} does not answer.",
            operation=operation,
            hint="Check that it runs and can be reached, then try again; what was finished is "
            "kept.",
        )
    return None


def is_clash(error: BaseException) -> bool:
    """Whether two transactions were in each other's way, and the same one may succeed now."""
    import psycopg

    clashes = (
        psycopg.errors.DeadlockDetected,
        psycopg.errors.SerializationFailure,
        psycopg.errors.ForeignKeyViolation,
    )
    return isinstance(error, clashes)


def _first_line(error: psycopg.Error) -> str:
    return (error.diag.message_primary or str(error)).partition("\n")[0]
