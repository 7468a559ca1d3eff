"""``VectorIndex`` on local files: immutable USearch shards, and a buffer of newer vectors."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.index import checked_files
from engine.index import manifest as manifests
from engine.index import shard as shards
from engine.index.manifest import Manifest, ShardEntry
from engine.index.open_shards import OpenShards
from engine.index.vector_buffer import BufferSnapshot, VectorBuffer
from engine.index.vector_index import IndexReport, Neighbours, VectorSource
from engine.jobs import CancelToken
from engine.store.rows import MIN_NORM

log = logging.getLogger(__name__)

SEAL_AT = 20_000
"""Vectors in the buffer at which they are sealed into a shard: about 4 ms of exact search."""
MERGED_COUNT = 160_000
"""Shards of this size are not merged any further."""
MERGE_AT = 8
"""So many small neighbouring shards are merged into one."""
DELETED_SHARE = 0.2
"""Share of deleted regions in a shard above which it is built again."""
_COMPARED_AT_ONCE = 8192
"""Vectors read at once when named regions are compared: 13 MB with 395 dimensions."""
_COMPARED_AGAIN = 100
"""If no more neighbours are asked for, so many are found and compared with the vectors of the
store, because their order in a shard is approximate."""
BUFFER_LIMIT = 200_000
"""Most vectors searched exactly while shards are rebuilt; searches miss the rest until then."""


class UsearchIndex:
    """See ``VectorIndex`` for what it promises.

    Regions up to some id are in sealed shards, one for each span of ids; newer ones, and those of
    damaged shards, are in the buffer and searched exactly. A shard that was unchanged since it was
    last checked is mapped at once; ``check_next`` checks it again.

    Args:
        folder: of this profile's shards; made when the first one is written.
        regions: where vectors come from.
        metric: ``ip`` or ``cos``.
        read_only: another process may write the files; follow its manifest, write nothing.
    """

    def __init__(
        self,
        folder: Path,
        regions: VectorSource,
        profile_id: int,
        *,
        profile_key: str,
        ndim: int,
        metric: str,
        read_only: bool = False,
    ) -> None:
        self.folder = folder
        self.regions = regions
        self.profile_id = profile_id
        self.read_only = read_only
        self._empty = Manifest(profile_key=profile_key, ndim=ndim, metric=metric)
        self._lock = threading.RLock()
        self._opened_manifest: Manifest | None = None
        self._stamp: tuple[int, int, int] | None = None
        self._shards = OpenShards(folder, read_only=read_only)
        self._buffer = VectorBuffer(ndim)
        self._read_up_to = 0
        self._complete = True
        self._removed: list[int] = []
        self._deleted_in: Counter[str] = Counter()

    # -- searching -------------------------------------------------------------------------

    def search(self, query: np.ndarray, k: int, allowed: np.ndarray | None = None) -> Neighbours:
        """See ``VectorIndex``."""
        query = self._for_dot_product(query.astype(np.float32)[None])[0]
        if allowed is None:
            opened, buffered = self._snapshot()
            wanted = max(k, _COMPARED_AGAIN)
            found = shards.nearest(opened, query, wanted)
            found.append(buffered.search(query, wanted))
            if k <= _COMPARED_AGAIN:
                found = self._compared_again(query, found)
        else:
            found = [
                self._compare(query, allowed[first : first + _COMPARED_AT_ONCE])
                for first in range(0, max(len(allowed), 1), _COMPARED_AT_ONCE)
            ]
        ids = np.concatenate([ids for ids, _ in found])
        scores = np.concatenate([scores for _, scores in found])
        best = np.argsort(-scores, kind="stable")[:k]
        return Neighbours(ids[best], scores[best])

    def _compared_again(
        self, query: np.ndarray, found: list[tuple[np.ndarray, np.ndarray]]
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """The nearest of what was found, with exact similarities; deleted regions are left out."""
        ids = np.concatenate([ids for ids, _ in found])
        scores = np.concatenate([scores for _, scores in found])
        nearest = ids[np.argsort(-scores, kind="stable")[:_COMPARED_AGAIN]]
        return [self._compare(query, np.sort(nearest))]

    def _compare(self, query: np.ndarray, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Ids int64 and similarities float32 of those of the regions that exist, in no order. They
        come from the store: a shard has its vectors in fewer bits."""
        found, vectors = self.regions.vectors_of(self.profile_id, ids)
        if not len(found):
            return found, np.zeros(0, np.float32)
        return found, self._for_dot_product(vectors.astype(np.float32)) @ query

    @property
    def complete(self) -> bool:
        """See ``VectorIndex``."""
        with self._lock:
            return self._complete and self._shards.all_usable

    def refresh(self) -> None:
        """Read new regions from the store (and, ``read_only``, the writer's manifest)."""
        with self._lock:
            if self._opened_manifest is None or (
                self.read_only and self._file_stamp() != self._stamp
            ):
                self._load()
            self._read_new()

    def close(self) -> None:
        """See ``VectorIndex``."""
        with self._lock:
            self._shards.close()
            self._buffer = VectorBuffer(self._empty.ndim)
            self._opened_manifest = self._stamp = None

    @property
    def _manifest(self) -> Manifest:
        """Of an index that was opened by ``refresh``."""
        assert self._opened_manifest is not None, "refresh opens the index"
        return self._opened_manifest

    def _snapshot(self) -> tuple[list[shards.Shard], BufferSnapshot]:
        with self._lock:
            self.refresh()
            return list(self._shards.mapped.values()), self._buffer.view()

    # -- maintaining -----------------------------------------------------------------------

    def maintain(self, cancel: CancelToken | None = None, *, merge: bool = True) -> None:
        """See ``VectorIndex``: rebuild damaged shards, seal a long buffer, merge small shards.

        Raises:
            Cancelled: between two steps; each is whole or not begun.
            DiskFull: the index stays as it was.
        """
        if self.read_only:
            return
        self.refresh()
        for entry in self.damaged():
            self.rebuild(entry, cancel)
        for entry in self._drop_removed():
            self.rebuild(entry, cancel)
        while len(self._buffer) >= SEAL_AT:
            self._seal(cancel)
            self.refresh()
        while merge and (group := self._mergeable()):
            self._rewrite(group, (group[0].after, group[-1].up_to), cancel)

    def remove(self, ids: Sequence[int]) -> None:
        """See ``VectorIndex``. ``maintain`` drops them from the buffer, and rebuilds a shard once
        many of its regions are deleted."""
        with self._lock:
            self._removed.extend(ids)

    def _drop_removed(self) -> list[ShardEntry]:
        """Drop removed regions from the buffer; returns shards that hold too many of them."""
        with self._lock:
            removed, self._removed = np.array(self._removed, np.int64), []
            if (removed > self._manifest.sealed_up_to).any():
                self.drop_from_buffer(removed)
            entries = self._manifest.shards
            for entry in entries:
                inside = (removed > entry.after) & (removed <= entry.up_to)
                self._deleted_in[entry.file] += int(inside.sum())
            return [e for e in entries if self._deleted_in[e.file] > DELETED_SHARE * e.count]

    def check(self, cancel: CancelToken | None = None) -> IndexReport:
        """See ``VectorIndex``. A shard that differs from the store is built again."""
        from engine.index import consistency

        return consistency.check(self, cancel)

    def damaged(self) -> list[ShardEntry]:
        """Shards of the manifest whose files cannot be used."""
        with self._lock:
            return self._shards.damaged(self._manifest)

    @property
    def unchecked(self) -> int:
        """See ``VectorIndex``."""
        return len(self._shards.unchecked)

    def check_next(self, between: Callable[[], None] = lambda: None) -> bool:
        """See ``VectorIndex``. Shards that no search uses yet come first."""
        with self._lock:
            entry = self._shards.next_unchecked()
        if entry is None:
            return True
        state = shards.check(self.folder, entry, between)  # without the lock: searches go on
        with self._lock:
            if self._shards.unchecked.pop(entry.file, None) is None:
                return True  # built again or closed meanwhile
            good = self._shards.settle(self._manifest, entry, state)
            if not good:
                self._read_span(entry.after, entry.up_to)
            if not self._shards.unchecked:
                self._shards.save_record()
            return good

    def rebuild(self, entry: ShardEntry, cancel: CancelToken | None = None) -> None:
        """Build one shard again from the store."""
        self._rewrite([entry], (entry.after, entry.up_to), cancel)

    def opened(self) -> list[shards.Shard]:
        """The shards in use."""
        with self._lock:
            return list(self._shards.mapped.values())

    def buffered_ids(self) -> np.ndarray:
        """int64 (N,): ids of the regions in the buffer."""
        return self._buffer.view().ids

    def sealed_up_to(self) -> int:
        """The highest region id that a shard answers for."""
        with self._lock:
            return self._manifest.sealed_up_to

    def drop_from_buffer(self, ids: np.ndarray) -> None:
        """Drop regions from the buffer that the store has deleted."""
        with self._lock:
            self._buffer.keep(~np.isin(self._buffer.view().ids, ids))

    def _seal(self, cancel: CancelToken | None) -> None:
        with self._lock:
            sealed = self._manifest.sealed_up_to
        buffered = self._buffer.view().ids
        ids = np.sort(buffered[buffered > sealed])[:MERGED_COUNT]
        if not len(ids):
            return
        self._rewrite([], (sealed, int(ids[-1])), cancel)

    def _mergeable(self) -> list[ShardEntry]:
        """The first run of neighbouring small shards that is long enough to merge; else empty."""
        run: list[ShardEntry] = []
        for entry in self._manifest.shards:
            small = entry.count < MERGED_COUNT // 2
            run = [*run, entry] if small else []
            if len(run) >= MERGE_AT or sum(e.count for e in run) >= MERGED_COUNT:
                return run
        return []

    def _rewrite(
        self, old: list[ShardEntry], span: tuple[int, int], cancel: CancelToken | None
    ) -> None:
        """Build one shard for a span of ids from the store, in the place of ``old``."""
        parts = []
        for ids, vectors in self.regions.vectors_after(self.profile_id, *span):
            ids, vectors = self._usable(ids, vectors)
            parts.append((ids, self._for_dot_product(vectors).astype(np.float16)))
            if cancel is not None:
                cancel.raise_if_set()
        ids = np.concatenate([part[0] for part in parts]) if parts else np.zeros(0, np.int64)
        entries = list(self._manifest.shards)
        place = next((i for i, e in enumerate(entries) if e.up_to > span[0]), len(entries))
        fresh = None
        if len(ids):
            vectors = np.concatenate([part[1] for part in parts])
            fresh = shards.build(self.folder, self._manifest, span, ids, vectors, cancel)
            entries[place : place + len(old)] = [fresh]
        else:
            # The span has no regions any more; a neighbouring shard takes it over.
            del entries[place : place + len(old)]
            if place < len(entries):
                entries[place] = replace(entries[place], after=span[0])
            elif entries:
                entries[-1] = replace(entries[-1], up_to=span[1])
        self._swap(replace(self._manifest, shards=tuple(entries)), fresh, span)

    def _swap(self, new: Manifest, fresh: ShardEntry | None, span: tuple[int, int]) -> None:
        state = shards.check(self.folder, fresh) if fresh is not None else None
        manifests.save(self.folder, new)
        with self._lock:
            kept = {entry.file for entry in new.shards}
            gone = [e.file for e in self._manifest.shards if e.file not in kept]
            self._shards.keep(kept)
            if fresh is not None:
                self._shards.forget(fresh)  # a damaged one of the same content had this name
                self._shards.settle(new, fresh, state)
            self._deleted_in = Counter({n: c for n, c in self._deleted_in.items() if n in kept})
            ids = self._buffer.view().ids
            self._buffer.keep((ids <= span[0]) | (ids > span[1]))
            self._opened_manifest = new
            self._stamp = self._file_stamp()
            self._shards.save_record()
        for name in gone:
            # Windows keeps a file that a search still maps; the next opening removes it.
            with contextlib.suppress(OSError):
                (self.folder / name).unlink()

    # -- loading ---------------------------------------------------------------------------

    def _load(self) -> None:
        """Open the shards of the manifest; regions of damaged ones go into the buffer."""
        self._stamp = self._file_stamp()
        found = manifests.load(self.folder)
        if found is None or not found.fits(self._empty):
            found = self._empty
        self._opened_manifest = found
        self._shards.open(found)
        self._buffer = VectorBuffer(found.ndim)
        self._complete = True
        self._read_up_to = found.sealed_up_to
        for entry in self.damaged():
            self._read_span(entry.after, entry.up_to)
        if not self.read_only:
            self._remove_unlisted()

    def _read_new(self) -> None:
        self._read_up_to = self._read_span(self._read_up_to, None)

    def _read_span(self, after: int, up_to: int | None) -> int:
        """Append a span of ids to the buffer up to its limit; returns the last id read."""
        for ids, vectors in self.regions.vectors_after(self.profile_id, after, up_to):
            if len(self._buffer) >= BUFFER_LIMIT:
                self._complete = False
                return after
            after = int(ids[-1])
            ids, vectors = self._usable(ids, vectors)
            self._buffer.append(ids, self._for_dot_product(vectors))
        if up_to is None and not self.damaged():
            self._complete = True
        return after

    def _usable(self, ids: np.ndarray, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As float32, without those that are not finite or zero, which only a damaged store has."""
        as_float = vectors.astype(np.float32)
        norms = np.linalg.norm(as_float, axis=1)
        good = np.isfinite(as_float).all(axis=1) & (norms >= MIN_NORM / 2)
        return (ids, as_float) if good.all() else (ids[good], as_float[good])

    def _for_dot_product(self, vectors: np.ndarray) -> np.ndarray:
        """Vectors (N, D) such that a dot product is the metric's similarity."""
        if self._empty.metric != "cos":
            return vectors
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / np.maximum(norms, np.finfo(np.float32).tiny)

    def _file_stamp(self) -> tuple[int, int, int] | None:
        try:
            stat = (self.folder / manifests.NAME).stat()
        except OSError:
            return None
        return (stat.st_ino, stat.st_mtime_ns, stat.st_size)

    def _remove_unlisted(self) -> None:
        """Delete files that a kill left behind, or that Windows could not delete before."""
        named = {entry.file for entry in self._manifest.shards}
        named |= {manifests.NAME, checked_files.NAME}
        if not self.folder.is_dir():
            return
        for path in self.folder.iterdir():
            if path.name not in named:
                with contextlib.suppress(OSError):
                    path.unlink()
