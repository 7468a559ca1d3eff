"""Which shard files have been compared with their hashes, so that a start need not read them all.

A file is taken for the one that was compared while its size, its times and its number on the disk
are the same. Only a disk that returns other bytes than were written escapes that, and the file is
compared again while the library is open. Until then it may end the process (see ``shard.py``);
this is why the record says that such files are in use: if it still does at the next opening, no
file is believed before it was read.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from engine.errors import EngineError
from engine.index.manifest import ShardEntry, write_whole

log = logging.getLogger(__name__)

NAME = "checked.json"
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class FileState:
    """What a file looked like when it was compared; ``ctime_ns`` cannot be set by a program."""

    sha256: str
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @classmethod
    def of(cls, path: Path, sha256: str) -> FileState:
        """Raises:
        OSError: there is no such file.
        """
        stat = path.stat()
        return cls(sha256, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)


@dataclass
class CheckedFiles:
    """The record of one folder.

    Attributes:
        files: the files by name, as they were when they had the right hash.
        in_use: files that this process has not compared itself were opened.
    """

    folder: Path
    files: dict[str, FileState] = field(default_factory=dict)
    in_use: bool = False

    @classmethod
    def load(cls, folder: Path) -> CheckedFiles:
        """The record in ``folder``; an empty one if there is none or it cannot be believed."""
        try:
            document = json.loads((folder / NAME).read_text(encoding="utf-8"))
            if document["format"] != _FORMAT:
                return cls(folder)
            files = {name: FileState(**state) for name, state in document["files"].items()}
            return cls(folder, files, bool(document["in_use"]))
        except FileNotFoundError:
            return cls(folder)
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            log.info("record of checked shards in %s not used: %s", folder, error)
            return cls(folder)

    def unchanged(self, entry: ShardEntry) -> bool:
        """Whether the file is still as it was when it had the hash that the manifest names."""
        known = self.files.get(entry.file)
        if known is None:
            return False
        try:
            return known == FileState.of(self.folder / entry.file, entry.sha256)
        except OSError:
            return False

    def save(self, files: Mapping[str, FileState], *, in_use: bool) -> bool:
        """Replace the record, unless it says that already; False if the disk does not take it."""
        if dict(files) == self.files and in_use == self.in_use:
            return True
        document = {
            "format": _FORMAT,
            "in_use": in_use,
            "files": {name: asdict(state) for name, state in files.items()},
        }
        text = json.dumps(document, indent=1).encode("utf-8")
        try:
            write_whole(self.folder / NAME, lambda path: path.write_bytes(text))
        except EngineError as error:
            log.info("%s", error)
            return False
        self.files, self.in_use = dict(files), in_use
        return True
