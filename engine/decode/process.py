"""Decodes photos in a child process, for the viewer and for exports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.decode.reader import DecodedPhoto, read_encoded, read_upright
from engine.jobs import CancelToken
from engine.jobs.worker_process import WorkerProcess

TIME_LIMIT_S = 20.0
"""Limit for one photo; the largest that are accepted take a few seconds."""

MEMORY_LIMIT_BYTES = 4 << 30
"""Address space of the child, enough for the largest photo at its full size."""


class DecoderProcess:
    """Decodes one photo at a time in a child process, which a hostile file may hang or crash.

    Thread-safe. The child starts with the first photo.
    """

    def __init__(self) -> None:
        self._worker = WorkerProcess(
            "photo decoder",
            serve_photos,
            time_limit_s=TIME_LIMIT_S,
            threads=1,
            memory_limit_bytes=MEMORY_LIMIT_BYTES,
        )

    @property
    def pid(self) -> int | None:
        """The child's process id; None while there is no child."""
        return self._worker.pid

    def read(
        self, path: Path, longest_px: int | None = None, cancel: CancelToken | None = None
    ) -> DecodedPhoto:
        """Run ``read_upright`` in the child. Blocks; not for the window's thread.

        Raises:
            PhotoMissing, PhotoUnreadable, PhotoTooLarge: as ``read_upright``.
            PhotoTimedOut, WorkerCrashed: the decoder hung or crashed.
            Cancelled: ``cancel`` was set, or ``close`` was called.
        """
        return self._worker.call((path, longest_px), cancel=cancel, path=path)

    def read_encoded(self, data: bytes, path: Path, longest_px: int | None = None) -> DecodedPhoto:
        """Run the reader's ``read_encoded`` in the child; errors name ``path``. Blocks."""
        return self._worker.call((data, longest_px), path=path)

    def close(self) -> None:
        """End the child."""
        self._worker.close()


def serve_photos() -> Callable[[tuple[Path | bytes, int | None]], DecodedPhoto]:
    """Handler factory: import the decoders once, in the child, and return the decoder."""
    from PIL import Image  # noqa: F401 - so that the first photo does not wait for the import

    return _decode


def _decode(request: tuple[Path | bytes, int | None]) -> DecodedPhoto:
    """Decode a file, or the bytes of one."""
    source, longest_px = request
    if isinstance(source, bytes):
        return read_encoded(source, longest_px)
    return read_upright(source, longest_px)
