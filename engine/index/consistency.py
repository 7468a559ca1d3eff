"""Compares an index with the store region by region, and repairs what differs."""

from __future__ import annotations

import numpy as np

from engine.index.shard import Shard
from engine.index.usearch_index import DELETED_SHARE, UsearchIndex
from engine.index.vector_index import IndexReport
from engine.jobs import CancelToken


def check(index: UsearchIndex, cancel: CancelToken | None = None) -> IndexReport:
    """See ``VectorIndex.check``. Index lane only.

    A shard that is damaged, lacks a region, or holds too many deleted ones is built again.

    Raises:
        Cancelled: between two shards.
    """
    repaired: list[str] = []
    faults: list[str] = []
    index.refresh()
    while index.unchecked:
        index.check_next(cancel.raise_if_set if cancel is not None else lambda: None)
    for entry in index.damaged():
        repaired.append(f"index: shard {entry.file} was damaged")
        if not index.read_only:
            index.rebuild(entry, cancel)
    vectors = 0
    for shard in index.opened():
        if cancel is not None:
            cancel.raise_if_set()
        wrong = _wrong_with(index, shard)
        if wrong and not index.read_only:
            repaired.append(f"index: shard {shard.entry.file} {wrong}")
            index.rebuild(shard.entry, cancel)
    for shard in index.opened():
        vectors += len(np.intersect1d(shard.keys(), _stored(index, shard)))
    index.refresh()
    stored = index.regions.ids(index.profile_id)
    in_shards = [_stored(index, shard) for shard in index.opened()]
    rest = np.setdiff1d(stored, np.concatenate([*in_shards, np.zeros(0, np.int64)]))
    buffered = index.buffered_ids()
    index.drop_from_buffer(np.setdiff1d(buffered, stored))
    if len(np.unique(buffered)) != len(buffered):
        faults.append("index: a region is in the buffer twice")
    vectors += len(np.intersect1d(buffered, rest))
    if vectors != len(stored):
        faults.append(f"index: {len(stored) - vectors} of {len(stored)} regions cannot be found")
    return IndexReport(vectors, tuple(repaired), tuple(faults))


def _stored(index: UsearchIndex, shard: Shard) -> np.ndarray:
    return index.regions.ids(index.profile_id, shard.entry.after, shard.entry.up_to)


def _wrong_with(index: UsearchIndex, shard: Shard) -> str:
    keys, stored = shard.keys(), _stored(index, shard)
    lacking = len(np.setdiff1d(stored, keys))
    if lacking:
        return f"lacked {lacking} regions"
    deleted = len(np.setdiff1d(keys, stored))
    if deleted > DELETED_SHARE * len(keys):
        return f"held {deleted} deleted regions"
    return ""
