"""Runs an export hit by hit, with progress, cancelling and a list of failures."""

from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from engine.decode import srgb
from engine.errors import DiskFull, EngineError, ExportProblem
from engine.export import coco, cutout, mask, names, overlay, table
from engine.export.files import OutputFolder
from engine.jobs import CancelToken, JobContext, Progress
from engine.records import (
    ExistingFiles,
    ExportKind,
    ExportPreview,
    ExportRequest,
    ExportSummary,
    Photo,
    PhotoId,
    PhotoMetadata,
    Problem,
    Region,
    SearchHit,
)

ReadRgb = Callable[[Photo], np.ndarray]
"""The upright photo at full size, uint8 (H, W, 3)."""
_STAGE = "Exporting"
_JPEG_QUALITY = 92
_PNG_COMPRESSION = 4


def run(
    request: ExportRequest,
    read_rgb: ReadRgb,
    context: JobContext,
    metadata: Mapping[PhotoId, PhotoMetadata] = MappingProxyType({}),
) -> ExportSummary:
    """Write the hits of a request below its folder.

    A hit that cannot be exported becomes a problem of the summary; the others go on. No file but
    the copies of originals carries the photo's EXIF: every picture is encoded anew from pixels.
    Files that were written before a cancel or an error stay; each is complete.

    Args:
        read_rgb: called once a photo, for kinds that need pixels.
        metadata: what is known of the photos, for lists of them.

    Raises:
        Cancelled: between two hits.
        DiskFull, ExportProblem: the folder cannot be written to.
        BadRequest: the pattern of the names is not valid.
    """
    if request.kind is ExportKind.COCO:
        return _run_coco(request, context, metadata)
    if request.kind is ExportKind.CSV:
        return _run_table(request, context, metadata)
    return _run_pictures(request, read_rgb, context)


def preview(request: ExportRequest) -> ExportPreview:
    """The names that ``run`` would give now. Reads the folder's names only.

    Raises:
        BadRequest: the pattern of the names is not valid.
    """
    try:
        there = frozenset(entry.name.casefold() for entry in os.scandir(request.to))
    except OSError:
        there = frozenset()  # it is created by the export, which reports what is wrong with it
    planned = names.planned(request, lambda name: name.casefold() in there)
    return ExportPreview(tuple(planned), sum(name.casefold() in there for name in planned))


def _run_pictures(request: ExportRequest, read_rgb: ReadRgb, context: JobContext) -> ExportSummary:
    files = _Files(request)
    progress = _ExportProgress(context, len(request.hits))
    for hit, name in zip(request.hits, files.planned, strict=True):
        progress.next(hit.photo.path)
        if files.keeps(name, progress):
            continue
        try:
            if request.kind is ExportKind.ORIGINAL:
                path = files.folder.copy(
                    name, hit.photo.path, context.cancel, replace=files.replace
                )
            else:
                content = _picture(request.kind, hit, read_rgb, context.cancel)
                path = files.folder.write(name, content, replace=files.replace)
        except DiskFull as error:
            raise _with_count(error, progress) from error
        except ExportProblem as error:
            if error.path == files.folder.path:
                raise  # nothing can be written there
            progress.fail(hit.photo.path, error)
        except (EngineError, MemoryError) as error:
            progress.fail(hit.photo.path, error)
        else:
            progress.written.append(path)
    return progress.summary()


def _picture(kind: ExportKind, hit: SearchHit, read_rgb: ReadRgb, cancel: CancelToken) -> bytes:
    """One encoded picture."""
    if kind is ExportKind.OVERLAY:
        pixels = overlay.make_overlay(read_rgb(hit.photo), hit.photo, hit.region)
        return _encode(pixels, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
    region = _region_of(hit)
    if kind is ExportKind.MASK:
        pixels = mask.make_mask(hit.photo, region)
    elif kind is ExportKind.FINE_CUTOUT:
        pixels = cutout.make_fine_cutout(read_rgb(hit.photo), hit.photo, region, cancel)
    else:
        pixels = cutout.make_cutout(read_rgb(hit.photo), hit.photo, region)
    return _encode(pixels, "PNG", compress_level=_PNG_COMPRESSION)


def _region_of(hit: SearchHit) -> Region:
    if hit.region is None and not hit.outlined:
        raise ExportProblem(
            "The things in this photo are not outlined yet, so there is none to take out.",
            operation="taking a thing out of its photo",
            path=hit.photo.path,
            hint="Search again when indexing has come to it.",
        )
    if hit.region is None:
        raise ExportProblem(
            "Only the whole photo matched, so there is no thing to take out.",
            operation="taking a thing out of its photo",
            path=hit.photo.path,
            hint="Export it as an overlay instead.",
        )
    return hit.region


def _encode(pixels: np.ndarray, file_format: str, **options: int) -> bytes:
    """A picture as a file; colours say that they are sRGB."""
    from PIL import Image

    encoded = io.BytesIO()
    icc_profile = srgb.srgb_profile() if pixels.ndim == 3 else None
    Image.fromarray(pixels).save(encoded, file_format, icc_profile=icc_profile, **options)
    return encoded.getvalue()


def _run_coco(
    request: ExportRequest, context: JobContext, metadata: Mapping[PhotoId, PhotoMetadata]
) -> ExportSummary:
    files = _Files(request)
    progress = _ExportProgress(context, len(request.hits))
    if files.keeps(files.planned[0], progress):
        return progress.summary()
    base = coco.common_folder([hit.photo for hit in request.hits])
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for image_id, hit in enumerate(request.hits, start=1):
        progress.next(hit.photo.path)
        images.append(coco.image_entry(image_id, hit.photo, base, metadata.get(hit.photo.id)))
        if hit.region is None:
            continue
        try:
            entry = coco.annotation_entry(len(annotations) + 1, image_id, hit, hit.region)
        except EngineError as error:
            progress.fail(hit.photo.path, error)
            continue
        annotations.append(entry)
    content = json.dumps(coco.document(images, annotations, request.query, base), indent=1)
    progress.written.append(
        files.folder.write(files.planned[0], content.encode("ascii"), replace=files.replace)
    )
    return progress.summary()


def _run_table(
    request: ExportRequest, context: JobContext, metadata: Mapping[PhotoId, PhotoMetadata]
) -> ExportSummary:
    files = _Files(request)
    progress = _ExportProgress(context, len(request.hits))
    if files.keeps(files.planned[0], progress):
        return progress.summary()
    context.cancel.raise_if_set()
    content = table.make_table(request.hits, request.query, metadata)
    progress.written.append(files.folder.write(files.planned[0], content, replace=files.replace))
    return progress.summary()


class _Files:
    """The folder of an export, and the names of its files.

    Attributes:
        planned: a name for each hit, or the one of a list.
        replace: existing files are replaced.
    """

    def __init__(self, request: ExportRequest) -> None:
        self.folder = OutputFolder(request.to)
        self._there = self.folder.names()
        self.planned = names.planned(request, lambda name: name.casefold() in self._there)
        self.replace = request.existing is ExistingFiles.REPLACE
        self._keep = request.existing is ExistingFiles.KEEP

    def keeps(self, name: str, progress: _ExportProgress) -> bool:
        """Whether the file is there already and stays as it is; if so, it is counted."""
        if not self._keep or name.casefold() not in self._there:
            return False
        progress.kept.append(self.folder.path / name)
        return True


def _with_count(error: DiskFull, progress: _ExportProgress) -> DiskFull:
    return DiskFull(
        f"There is no room left: {len(progress.written)} of {progress.total} files were written.",
        operation=error.operation,
        path=error.path,
        hint=error.hint,
    )


@dataclass
class _ExportProgress:
    """Files and problems of a running export, and its progress reports."""

    context: JobContext
    total: int
    written: list[Path] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)
    started: int = 0
    started_s: float = field(default_factory=time.monotonic)

    def next(self, path: Path) -> None:
        """Report that the next hit starts.

        Raises:
            Cancelled: the export was cancelled.
        """
        self.context.cancel.raise_if_set()
        done, self.started = self.started, self.started + 1
        took_s = time.monotonic() - self.started_s
        rate = done / took_s if done and took_s > 0 else None
        left_s = (self.total - done) / rate if rate else None
        self.context.report(Progress(_STAGE, done, self.total, rate, left_s, path.name))

    def fail(self, path: Path, error: EngineError | MemoryError) -> None:
        """Record a hit that could not be exported."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        if isinstance(error, EngineError):
            kind, message, hint = error.kind, error.message, error.hint or ""
        else:
            kind, message = "memory", "The photo is too large for this computer's free memory."
            hint = "Close other programs and try again."
        self.problems.append(Problem(path, kind, message, hint, happened_at=now))

    def summary(self) -> ExportSummary:
        """Report the end and return the result."""
        self.context.report(Progress(_STAGE, self.started, self.total))
        return ExportSummary(tuple(self.written), tuple(self.problems), tuple(self.kept))
