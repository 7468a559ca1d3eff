"""The table ``region_vectors``: vectors in float16, written with the blocks that they are of."""

from __future__ import annotations

import numpy as np

from engine.postgres.connection import Session


def insert(session: Session, profile_id: int, last_id: int, vectors: np.ndarray) -> None:
    """Append the float (R, D) vectors of regions with the ids up to ``last_id``."""
    count, ndim = vectors.shape
    row = np.dtype(
        [
            ("fields", ">i2"),
            ("id_bytes", ">i4"), ("id", ">i8"),
            ("profile_bytes", ">i4"), ("profile", ">i4"),
            ("vector_bytes", ">i4"), ("ndim", ">i2"), ("unused", ">i2"), ("vector", ">f2", (ndim,)),
        ]
    )  # fmt: skip
    rows = np.zeros(count, row)
    rows["fields"] = 3
    rows["id_bytes"], rows["id"] = 8, np.arange(last_id - count + 1, last_id + 1)
    rows["profile_bytes"], rows["profile"] = 4, profile_id
    rows["vector_bytes"], rows["ndim"], rows["vector"] = 4 + 2 * ndim, ndim, vectors
    session.copy_binary("region_vectors(region_id, profile_id, embedding)", rows.tobytes())


def literal(vector: np.ndarray) -> str:
    """A vector (D,) as text that pgvector reads."""
    return "[" + ",".join(map(repr, vector.astype(np.float32).tolist())) + "]"


def index_name(profile_id: int) -> str:
    """The name of a profile's HNSW index."""
    return f"region_vectors_hnsw_{int(profile_id)}"
