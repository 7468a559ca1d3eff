"""Which shard files make up an index, and what they must hold."""

from __future__ import annotations

import errno
import json
import logging
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.errors import DiskFull, StoreDamaged
from engine.paths import sync_folder

log = logging.getLogger(__name__)

FORMAT = 2
"""Raised when shards are written in another way; an index of another format is made again."""
NAME = "manifest.json"


@dataclass(frozen=True, slots=True)
class ShardEntry:
    """One immutable shard file.

    Attributes:
        after, up_to: it holds the regions whose ids lie in ``(after, up_to]``.
        count: vectors in it, those of regions deleted since included.
        step: a number of a vector divided by what the shard holds in its place.
    """

    file: str
    sha256: str
    count: int
    after: int
    up_to: int
    step: float


@dataclass(frozen=True, slots=True)
class Manifest:
    """The whole index of one profile; shards in the order of their ids, without a gap."""

    profile_key: str
    ndim: int
    metric: str
    shards: tuple[ShardEntry, ...] = ()

    @property
    def sealed_up_to(self) -> int:
        """The highest region id that a shard answers for."""
        return self.shards[-1].up_to if self.shards else 0

    def fits(self, other: Manifest) -> bool:
        """Whether both speak of vectors of one space."""
        ours = (self.profile_key, self.ndim, self.metric)
        return ours == (other.profile_key, other.ndim, other.metric)


def load(folder: Path) -> Manifest | None:
    """The manifest in ``folder``; None if there is none or it cannot be believed."""
    try:
        document = json.loads((folder / NAME).read_text(encoding="utf-8"))
        if document.pop("format") != FORMAT:
            return None
        shards = tuple(ShardEntry(**entry) for entry in document.pop("shards"))
        manifest = Manifest(**document, shards=shards)
        after = 0
        for shard in shards:
            if shard.after != after or shard.up_to <= after or Path(shard.file).name != shard.file:
                return None
            after = shard.up_to
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        log.info("index manifest in %s not used: %s", folder, error)
        return None
    return manifest


def save(folder: Path, manifest: Manifest) -> None:
    """Swap the manifest in ``folder``; readers see the old one or the new one.

    Raises:
        DiskFull, StoreDamaged: if it cannot be written; the old one stays.
    """
    document = asdict(manifest) | {"format": FORMAT}
    text = json.dumps(document, indent=1).encode("utf-8")
    write_whole(folder / NAME, lambda path: path.write_bytes(text))


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Make ``path`` through a temporary file, so that it is whole or not there, even after a
    power cut.

    Raises:
        DiskFull, StoreDamaged: if the disk does not take it.
    """
    fresh = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(fresh)
        with open(fresh, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(fresh, path)
        sync_folder(path.parent)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        kind = DiskFull if error.errno == errno.ENOSPC else StoreDamaged
        raise kind(
            f"The search index could not be written ({error.strerror}).",
            operation="writing the search index",
            path=path,
            hint="Free some space; the index is made again from the library.",
        ) from error
