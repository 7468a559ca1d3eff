"""What a query's similarities usually are: mean and spread over regions and photos never asked for."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from engine.starter.arrays import load_arrays

FILE_NAME = "reference.safetensors"


@dataclass(frozen=True)
class Reference:
    """First and second moments of the vectors of ordinary photos.

    With them the mean and the variance of a query's dot products are known without the vectors.

    Attributes:
        region_mean, whole_mean: float32 (D,).
        region_covariance, whole_covariance: float32 (D, D).
    """

    region_mean: np.ndarray
    region_covariance: np.ndarray
    whole_mean: np.ndarray
    whole_covariance: np.ndarray

    @classmethod
    def measure(cls, regions: np.ndarray, wholes: np.ndarray) -> Reference:
        """From region vectors (N, D) and whole-photo vectors (M, D)."""
        return cls(
            regions.mean(0),
            np.cov(regions, rowvar=False).astype(np.float32),
            wholes.mean(0),
            np.cov(wholes, rowvar=False).astype(np.float32),
        )

    def levels(self, query: np.ndarray) -> tuple[tuple[float, float], tuple[float, float]]:
        """(mean, standard deviation) of the query's scores with regions, and with whole photos."""
        return (
            _level(query, self.region_mean, self.region_covariance),
            _level(query, self.whole_mean, self.whole_covariance),
        )

    @classmethod
    def load(cls, path: Path) -> Reference:
        """Raises ModelMissing or ModelBroken, as the names say."""
        return cls(**load_arrays(path, {f.name for f in fields(cls)}))

    def save(self, path: Path) -> None:
        """Write as float32 safetensors: covariances are too small for less."""
        from safetensors.numpy import save_file

        save_file(
            {name: np.ascontiguousarray(v, np.float32) for name, v in vars(self).items()}, path
        )


def _level(query: np.ndarray, mean: np.ndarray, covariance: np.ndarray) -> tuple[float, float]:
    return float(query @ mean), float(np.sqrt(max(float(query @ covariance @ query), 1e-8)))
