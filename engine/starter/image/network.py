"""Runs an ONNX file on the processor."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.starter.arrays import broken, missing

THREADS_VARIABLE = "OMP_NUM_THREADS"
"""Limits the threads, as it does for the other libraries in a process that analyses photos."""


class Network:
    """A session of ONNX Runtime. Used by one thread at a time.

    Raises:
        ModelMissing: there is no such file.
        ModelBroken: it is not a network that can be run.
    """

    def __init__(self, path: Path) -> None:
        import onnxruntime

        if not path.is_file():
            raise missing(path)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(os.environ.get(THREADS_VARIABLE) or 0)
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(
                path, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's errors have no common base class
            raise broken(path) from error

    def run(self, outputs: Sequence[str], **inputs: np.ndarray) -> list[np.ndarray]:
        """Run the network; ``inputs`` and ``outputs`` are named as in the file.

        Returns:
            The output arrays, in the order of ``outputs``.
        """
        return self._session.run(list(outputs), inputs)
