"""``Store`` on a PostgreSQL server: many processes may read and index at once."""

from __future__ import annotations

from engine.postgres import migrations, tables
from engine.postgres.address import ServerAddress
from engine.postgres.claims import Claims
from engine.postgres.connection import Server
from engine.postgres.thumbnails import ServerThumbnails
from engine.store.constraints import CONSTRAINTS
from engine.store.edits import Edits
from engine.store.failures import Failures
from engine.store.model_answers import ModelAnswers
from engine.store.photos import Photos
from engine.store.profiles import profile_id
from engine.store.regions import Regions


class PostgresStore:
    """See ``Store`` for what it promises.

    Attributes:
        folders, files, photos, profiles, regions, failures, results, counts, model_answers, edits:
            its tables.
        thumbnails: of its photos.
        server: its connections, which the vector index shares.
        read_only: every method that writes raises.
    """

    def __init__(self, server: Server, *, read_only: bool) -> None:
        self.read_only = read_only
        self.server = server
        self._claims = Claims(server)
        self.thumbnails = ServerThumbnails(server)
        self.folders = tables.ServerFolders(server)
        self.files = tables.ServerFiles(server, self._claims)
        self.photos = Photos(server)
        self.profiles = tables.ServerProfiles(server)
        self.regions = Regions(server)
        self.failures = Failures(server)
        self.results = tables.ServerResults(server)
        self.counts = tables.ServerCounts(server)
        self.model_answers = ModelAnswers(server, read_only)
        self.edits = Edits(server)

    @classmethod
    def open(cls, address: ServerAddress, *, read_only: bool = False) -> PostgresStore:
        """Open the store, making its tables unless ``read_only``.

        Raises:
            ServerProblem: the server cannot be used, see its message.
            StoreTooNew: a newer Pickout has written it.
            StoreDamaged: (``read_only``) there is no library, or an older one.
        """
        server = Server(address, read_only=read_only)
        try:
            if read_only:
                migrations.refuse_unfit(server)
            else:
                migrations.migrate(server)
            return cls(server, read_only=read_only)
        except BaseException:
            server.close()
            raise

    def profile_id(self, key: str, ndim: int, description: str) -> int:
        """See ``Store``."""
        return profile_id(self.server, key, ndim, description, read_only=self.read_only)

    def faults(self) -> tuple[str, ...]:
        """See ``Store``: our constraints; the server sees to foreign keys itself."""
        faults = list(self.edits.faults())
        with self.server.reading() as session:
            for query, meaning in CONSTRAINTS.items():
                row = session.execute(query).fetchone()
                if row and row[0]:
                    faults.append(f"database: {row[0]} {meaning}")
        return tuple(faults)

    def close(self) -> None:
        """Give up all claims and close all connections."""
        self._claims.close()
        self.server.close()
