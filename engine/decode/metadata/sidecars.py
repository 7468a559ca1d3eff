"""The files beside a photo in which photo managers keep its metadata."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from engine.decode.formats import SIDECAR_SUFFIX
from engine.decode.metadata.xmp_packet import MOST_BYTES


def read_sidecars(photo: Path) -> tuple[bytes, ...]:
    """The content of the sidecars of a photo, the one that says more about this very file first:
    ``IMG.jpg.xmp`` before ``IMG.xmp``. What is missing or cannot be read is left out."""
    found: list[bytes] = []
    for base in (photo.name, photo.stem):
        for suffix in (SIDECAR_SUFFIX, SIDECAR_SUFFIX.upper()):
            with contextlib.suppress(OSError), open(photo.with_name(base + suffix), "rb") as file:
                content = file.read(MOST_BYTES)
                if content not in found:  # where case makes no difference, both are one file
                    found.append(content)
    return tuple(found)


def versions(photos: Iterable[str], sidecars: Mapping[str, str]) -> dict[str, str]:
    """The versions of the sidecars of each photo that has any.

    Args:
        photos: relative paths with "/".
        sidecars: relative path -> version.

    >>> versions(["a/b.jpg", "a/c.jpg"], {"a/B.xmp": "1", "a/b.xmp": "2", "a/b.jpg.XMP": "3"})
    {'a/b.jpg': '3 2'}
    """
    bases = {path[: -len(SIDECAR_SUFFIX)]: version for path, version in sidecars.items()}
    found = {}
    for photo in photos:
        path = PurePosixPath(photo)
        of_photo = [bases[base] for base in (photo, str(path.with_suffix(""))) if base in bases]
        if of_photo:
            found[photo] = " ".join(of_photo)
    return found
