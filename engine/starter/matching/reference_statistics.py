"""Mean and standard deviation of a query's similarities to ordinary regions and photos."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from engine.starter.arrays import load_arrays

FILE_NAME = "reference.safetensors"


@dataclass(frozen=True)
class ReferenceStatistics:
    """Mean and covariance of the vectors of ordinary regions and photos.

    They give the mean and variance of a query's dot products without the vectors. The fields are
    the names of the arrays in the file.

    Attributes:
        region_mean: float32 (D,).
        region_covariance: float32 (D, D).
        whole_mean: float32 (D,), of whole photos.
        whole_covariance: float32 (D, D).
    """

    region_mean: np.ndarray
    region_covariance: np.ndarray
    whole_mean: np.ndarray
    whole_covariance: np.ndarray

    @classmethod
    def from_vectors(cls, regions: np.ndarray, wholes: np.ndarray) -> ReferenceStatistics:
        """Compute them from region vectors (N, D) and whole-photo vectors (M, D)."""
        return cls(
            regions.mean(0),
            np.cov(regions, rowvar=False).astype(np.float32),
            wholes.mean(0),
            np.cov(wholes, rowvar=False).astype(np.float32),
        )

    def query_moments(self, query: np.ndarray) -> tuple[tuple[float, float], tuple[float, float]]:
        """(mean, standard deviation) of the similarities to regions, and to whole photos."""
        return (
            _moments(query, self.region_mean, self.region_covariance),
            _moments(query, self.whole_mean, self.whole_covariance),
        )

    @classmethod
    def load(cls, path: Path) -> ReferenceStatistics:
        """Read the safetensors file.

        Raises:
            ModelMissing: there is no such file.
            ModelBroken: it does not hold these arrays.
        """
        return cls(**load_arrays(path, {f.name for f in fields(cls)}))

    def save(self, path: Path) -> None:
        """Write as float32 safetensors; covariances are too small for float16."""
        from safetensors.numpy import save_file

        save_file(
            {name: np.ascontiguousarray(v, np.float32) for name, v in vars(self).items()}, path
        )


def _moments(query: np.ndarray, mean: np.ndarray, covariance: np.ndarray) -> tuple[float, float]:
    return float(query @ mean), float(np.sqrt(max(float(query @ covariance @ query), 1e-8)))
