"""What the tables need of a database, so that their SQL runs on SQLite and on PostgreSQL.

Their statements are in the part of SQL that both have, with ``?`` for values. SQLite reads what
stands in ``/*pg ... */`` as a comment; the adapter of PostgreSQL takes it as SQL. ``json_each``,
``instr``, ``folded`` and ``folder_name`` are functions of both.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol


class Rows(Protocol):
    """The rows that a statement gives, as tuples."""

    @property
    def rowcount(self) -> int:
        """Rows that an INSERT, UPDATE or DELETE has changed."""
        ...

    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...
    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """A connection inside a transaction."""

    def execute(self, sql: str, parameters: Any = ..., /) -> Rows: ...


class Connections(Protocol):
    """Connections to one database. Thread-safe."""

    @property
    def path(self) -> Path | None:
        """Of the database file; None if it has none."""
        ...

    def writing(self, *, durable: bool = False) -> AbstractContextManager[Connection]:
        """One transaction; rolled back if the block raises.

        Args:
            durable: a power cut right after the block does not undo it; takes milliseconds.
        """
        ...

    def reading(self) -> AbstractContextManager[Connection]:
        """A transaction whose statements all see the same moment."""
        ...
