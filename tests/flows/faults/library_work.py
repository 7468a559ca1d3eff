"""Everything that writes to a library, without models: so quick that hundreds of kills, write
failures and damaged files can be tried. Processes are forked, so that only the first imports."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.backups import restoring
from engine.backups.backup_folder import BackupFolder
from engine.decode.thumbnails import ThumbnailCache
from engine.export.files import OutputFolder
from engine.index import usearch_index
from engine.index.usearch_index import UsearchIndex
from engine.indexing.integrity import check_library
from engine.jobs import CancelToken, JobContext
from engine.paths import LibraryPaths
from engine.records import EditKind, PhotoId
from engine.store.protocols.edit_table import Edit
from engine.store.sqlite_store import SqliteStore
from tests.fakes.analysed_photos import NDIM, analysed

NAMED = EditKind.REGION_NAMED
usearch_index.SEAL_AT, usearch_index.MERGE_AT, usearch_index.MERGED_COUNT = 40, 3, 200


@dataclass
class OpenLibrary:
    """Store, index and thumbnails of one library, and what is done to them.

    Attributes:
        said: called with each thing that was finished, and must not be lost from then on.
    """

    root: Path
    said: Callable[[str], None] = lambda text: None
    rng: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        self.paths = LibraryPaths(self.root)
        self.store = SqliteStore.open(self.paths, prepare=restoring.prepare)
        self.profile_id = self.store.profile_id("p", NDIM, "p")
        self.folder_id = self.store.folders.add(Path("/photos"))
        self.thumbnails = ThumbnailCache(self.paths.thumbnails)
        self.index = UsearchIndex(
            self.paths.index("p"),
            self.store.regions,
            self.profile_id,
            profile_key="p",
            ndim=NDIM,
            metric="ip",
        )

    def close(self) -> None:
        self.thumbnails.close()
        self.store.close()

    def names(self) -> list[str]:
        """Files below the folder."""
        return sorted(self.store.files.present(self.folder_id))

    def add_photos(self, count: int) -> None:
        """Record new files and index them."""
        first = self.rng.randrange(10**9)
        files = [(f"{first + i}.jpg", 10, i) for i in range(count)]
        self.store.files.record_found(self.folder_id, files)
        for file in self.store.files.pending(10**6):
            name = file.path.name
            self.said(f"look {name}")
            photo = analysed(name.encode(), file, things=4)
            self.store.results.write(file, photo, self.profile_id, self.thumbnails.put)
            self.said(f"photo {name}")

    def build_shards(self) -> None:
        """Seal and merge shards of the index."""
        self.index.refresh()
        self.index.maintain(CancelToken())

    def delete_photos(self, count: int) -> None:
        """Delete the oldest files with their photos, and their thumbnails."""
        names = self.names()[:count]
        self.said(f"delete {' '.join(names)}")
        self.store.files.record_missing(self.folder_id, names)
        self.delete_missing()

    def delete_missing(self) -> None:
        """Delete the photos of missing files, as every scan does with those of long ago."""
        while (gone := self.store.files.delete_missing("2999")) is not None:
            self.thumbnails.remove(gone)

    def edit(self) -> None:
        """Give a name to one photo; now and then undo it and do it again."""
        photos = self.store.photos.page(self.profile_id, 1000, None)
        if not photos:
            return
        photo = self.rng.choice(photos)
        word = f"{self.rng.randrange(10**9)}"
        self.store.edits.record([Edit(photo.id, NAMED, word, {"name": word})])
        self.said(f"edit {word}")
        if self.rng.random() < 0.3:
            self.said(f"undoing {word}")
            self.store.edits.undo()
            self.store.edits.redo()
            self.said(f"edit {word}")

    def back_up(self) -> None:
        """Make a backup."""
        backup = BackupFolder(self.paths.backups).make(self.store, [self.paths.settings])
        self.said(f"backup {backup.name}")

    def export(self) -> None:
        """Write a file."""
        path = OutputFolder(self.root.parent / "exported").write("a.txt", b"text" * 2000)
        self.said(f"export {path.name}")

    def has_edit(self, word: str) -> bool:
        """Whether the edit holds."""
        return any(e.details["name"] == word for e in self.store.edits.about(NAMED, word))

    def check(self) -> dict[str, Any]:
        """Check and repair; what was found."""
        context = JobContext(CancelToken())
        report = check_library(self.store, self.index, self.thumbnails, _no_thumbnail, context)
        faults = [text for text in report.faults if "thumbnails" not in text]
        return {"faults": faults, "repaired": list(report.repaired), "vectors": report.vectors}

    def content(self) -> dict[str, Any]:
        """All that can be read: photos with their regions, and edits."""
        photos = sorted(self.store.photos.all_ids())
        rows = self.store.regions.rows(photos, self.profile_id)
        regions = self.store.regions.of_photos(photos, self.profile_id)
        seen = self.store.photos.visible(photos)
        return {
            "folders": [str(path) for path in self.store.folders.paths().values()],
            "files": sorted(self.store.files.present(self.folder_id).items()),
            "photos": [repr(seen[i]) for i in photos if i in seen],
            "vectors": [rows[i].vectors.tobytes().hex() for i in photos if i in rows],
            "regions": [repr(regions[i]) for i in photos if i in regions],
            "edits": [repr(self.store.edits.of_photo(PhotoId(i), NAMED)) for i in photos],
        }

    def stray_files(self) -> list[str]:
        """Files that nothing needs."""
        import re

        known = (
            r"library\.(sqlite(-wal|-shm)?|lock)|thumbnails\.sqlite(-journal)?|settings\.json|"
            r"backups/(whole|essentials|before-restore)-[-\d]+\.sqlite|"
            r"index/\w+/(manifest\.json|checked\.json|shard-\d+-\d+-\w+\.usearch)"
        )
        found = [p.relative_to(self.root).as_posix() for p in self.root.rglob("*") if p.is_file()]
        stray = [name for name in found if not re.fullmatch(known, name)]
        needed = {one.entry.file for one in self.index.opened()}
        shards = {Path(name).name for name in found if name.endswith(".usearch")}
        return stray + sorted(shards - needed)


def _no_thumbnail(_photo: object) -> None:
    """There is no file to make one of."""


Said = Callable[[str], None]


def in_child(
    work: Callable[..., Any],
    *arguments: Any,
    after_s: float | None = None,
    from_start: bool = True,
) -> tuple[list[str], Any]:
    """Run ``work`` in a forked process, with a function for its lines as the first argument; kill
    it after a while, if it still runs: from its start, or from its first line.

    Returns:
        Its lines, and what it returned, as JSON gives it back; None if it was killed. A crash or a
        signal that it was not sent ends this process.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reading)
        try:
            result = work(lambda text: _write_line(writing, text), *arguments)
            _write_line(writing, "result " + json.dumps(result))
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(3)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as lines:
        first = [] if from_start else [lines.readline()]
        if after_s is not None:
            time.sleep(after_s)
            os.kill(pid, signal.SIGKILL)
        said = [line.rstrip("\n") for line in (*first, *lines) if line.endswith("\n")]
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status and not (after_s is not None and status == -signal.SIGKILL):
        sys.exit(f"a process ended with {status}")
    result = said.pop() if said and said[-1].startswith("result ") else None
    return said, None if result is None else json.loads(result[7:])


def _write_line(pipe: int, text: str) -> None:
    os.write(pipe, f"{text}\n".encode())
