"""The address of a library on a server, ``postgresql://user@host/database``."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from engine.paths import LibraryPaths, server_library_dir

_SCHEMES = ("postgresql://", "postgres://")


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where a library on a server is.

    Attributes:
        uri: as libpq takes it, with the password if one was given.
    """

    uri: str

    @staticmethod
    def is_one(text: str) -> bool:
        """Whether this names a server and no folder."""
        return text.startswith(_SCHEMES)

    def __str__(self) -> str:
        """The address without its password, for people."""
        parts = urlsplit(self.uri)
        user, _, host = parts.netloc.rpartition("@")
        user = user.partition(":")[0]
        query = "&".join(
            item for item in parts.query.split("&") if not item.startswith(("password=", "sslpass"))
        )
        return urlunsplit(parts._replace(netloc=f"{user}@{host}" if user else host, query=query))

    @property
    def paths(self) -> LibraryPaths:
        """The files beside the library: settings and logs of this computer."""
        digest = hashlib.sha256(str(self).encode("utf-8")).hexdigest()
        return LibraryPaths(server_library_dir(digest[:16]))
