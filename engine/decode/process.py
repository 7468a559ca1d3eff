"""Photos decoded in a child process, for the viewer and for exports."""

from __future__ import annotations

from pathlib import Path

from engine.decode.reader import DecodedPhoto, read_encoded, read_upright
from engine.jobs import CancelToken
from engine.jobs.worker_process import WorkerProcess

TIME_LIMIT_S = 20.0
"""The largest photo that is read takes a few seconds."""

MEMORY_LIMIT_BYTES = 4 << 30
"""Address space of the child, enough for the largest photo at its full size."""


class DecoderProcess:
    """Decodes one photo at a time in a child, which a hostile file may hang or crash.

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
        """As ``read_upright``, in the child. Blocks; not for a thread that draws a window.

        Raises:
            PhotoMissing, PhotoUnreadable, PhotoTooLarge: as ``read_upright``.
            PhotoTimedOut, WorkerCrashed: the file was too much for the decoder.
            Cancelled: ``cancel`` was set, or this was closed meanwhile.
        """
        return self._worker.call((path, longest_px), cancel=cancel, path=path)

    def read_encoded(self, data: bytes, path: Path, longest_px: int | None = None) -> DecodedPhoto:
        """The same for a picture in memory; ``path`` is for what is said of it. Blocks."""
        return self._worker.call((data, longest_px), path=path)

    def close(self) -> None:
        """End the child."""
        self._worker.close()


def serve_photos():
    """In the child: import the decoders once, then decode."""
    from PIL import Image  # noqa: F401 - the first photo need not wait for the import

    return _decode


def _decode(request: tuple[Path | bytes, int | None]) -> DecodedPhoto:
    source, longest_px = request
    if isinstance(source, bytes):
        return read_encoded(source, longest_px)
    return read_upright(source, longest_px)
