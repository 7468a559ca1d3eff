"""A library in memory with the methods of the facade, for tests of single parts of the window.

It holds synthetic photos whose regions have known names, so that the right hits of a search are
known. Tests of whole flows use the real library.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from engine.errors import FolderProblem, PhotoMissing
from engine.jobs import Job, JobContext, Lane
from engine.library.edits import LibraryEdits
from engine.masks import rle as rle_codec
from engine.masks.geometry import fit_within, mask_box, scale_mask
from engine.records import (
    ExportRequest,
    ExportSummary,
    Folder,
    FolderId,
    IndexingState,
    LibraryChanges,
    LibraryStatus,
    Photo,
    PhotoId,
    PhotoMetadata,
    Problem,
    QueryPlan,
    Region,
    RegionId,
    RegionLabel,
    RerankerInfo,
    SearchHit,
    SearchRequest,
    SearchResult,
    Verdict,
)
from engine.search.judgements import Judged, judged_subject
from engine.search.ranking import reordered

ANALYSIS_PX = 1024


@dataclass(frozen=True)
class SyntheticPhoto:
    """Pixels uint8 (H, W, 3) and its things: name and bool mask (H, W)."""

    name: str
    pixels: np.ndarray
    things: tuple[tuple[str, np.ndarray], ...] = ()


def synthetic_photo(
    name: str, things: list[tuple[str, tuple]], size_wh=(640, 480)
) -> SyntheticPhoto:
    """A soft gradient with discs; ``things``: name, (x, y, radius, colour)."""
    width, height = size_wh
    rows, columns = np.mgrid[0:height, 0:width]
    ground = np.stack(
        [90 + 60 * rows / height, 120 + 50 * columns / width, 150 - 60 * rows / height], -1
    )
    pixels = ground.astype(np.uint8)
    masks = []
    for thing, (x, y, radius, colour) in things:
        mask = (rows - y) ** 2 + (columns - x) ** 2 < radius**2
        pixels[mask] = colour
        masks.append((thing, mask))
    return SyntheticPhoto(name, pixels, tuple(masks))


class MemoryLibrary:
    """All photos are indexed, and so many others are pending.

    Attributes:
        hold_search: while it is clear, searches wait after stage one.
        rerank_permits: released once for each hit that may be reranked.
        rerank_results: file name -> what the reranker answers; by default a match.
        cached_reranks: query and photo -> the same; these need no permit.
        parse: text -> what results carry as plan; by default there is none.
        hit_changes: file name -> fields of its hits, such as ``findings``. Photos in ``similar``
            are no hits of their own.
        labels: names of regions; by default there are none.
        said: query -> what people said of its hits.
    """

    def __init__(self, folder: Path, photos: list[SyntheticPhoto], *, pending: int = 0) -> None:
        self.folder = Folder(FolderId(1), folder, True, len(photos) + pending, len(photos))
        self._folders: list[Folder] = [self.folder] if photos or pending else []
        self._pixels: dict[PhotoId, np.ndarray] = {}
        self._photos: dict[PhotoId, Photo] = {}
        self._regions: dict[PhotoId, list[Region]] = {}
        self._names: dict[RegionId, str] = {}
        self._problems: list[Problem] = []
        self._changes = LibraryChanges()
        self._lane = Lane("memory")
        self._lock = threading.Lock()
        self.state = IndexingState.RUNNING if pending else IndexingState.IDLE
        self.pending = pending
        self.hold_search = threading.Event()
        self.hold_search.set()
        self.reranker_info = RerankerInfo("tiny-vlm-2b", "Tiny VLM 2B", "processor, 2 threads")
        self.rerank_permits = threading.Semaphore(0)
        self.cached_reranks: dict[tuple[str, PhotoId], SearchHit] = {}
        self.rerank_results: dict[str, SearchHit] = {}
        self.parse: Callable[[str], QueryPlan | None] = lambda text: None
        self.hit_changes: dict[str, dict[str, Any]] = {}
        self.metadata: dict[PhotoId, PhotoMetadata] = {}
        self.labels: dict[RegionId, tuple[RegionLabel, ...]] = {}
        self.requests: list[SearchRequest] = []
        self.exported: list[ExportRequest] = []
        self.watching = self.closed = False
        self.folders = SimpleNamespace(
            all=self._all_folders,
            add=self._add_folder,
            remove=self._remove_folder,
            believe=self._believe,
            start_watching=self._start_watching,
        )
        self.indexing = SimpleNamespace(
            start=self._index,
            pause=self._pause,
            resume=self._resume,
            problems=self._listed_problems,
            retry_problems=self._retry_problems,
        )
        self.search = SimpleNamespace(
            start=self._search, warm_up=self._warm_up, reranker=self._describe_reranker
        )
        self.photos = SimpleNamespace(
            get=self._photo,
            metadata=lambda photo_id: self.metadata.get(photo_id, PhotoMetadata()),
            page=self._page,
            regions=self._regions_of,
            labels=self._labels_of,
            region=self._region,
            thumbnail=self._thumbnail,
            restore_thumbnail=lambda photo_id: None,
            read=self._read,
        )
        self.said: dict[str, dict[PhotoId, bool]] = {}
        self.edits = SimpleNamespace(judge=self._judge, judged=LibraryEdits.judged)
        self.exports = SimpleNamespace(start=self._export)
        for photo in photos:
            self.put(photo)

    def put(self, synthetic: SyntheticPhoto) -> PhotoId:
        photo_id = PhotoId(len(self._photos) + 1)
        height, width = synthetic.pixels.shape[:2]
        photo = Photo(
            photo_id,
            self.folder.path / synthetic.name,
            (width, height),
            taken_at=f"2021-05-{photo_id % 28 + 1:02d}T14:32:10",
            camera="Fujifilm X-T3",
            size_bytes=synthetic.pixels.size // 4,
        )
        regions = []
        for name, mask in synthetic.things:
            region_id = RegionId(len(self._names) + 1)
            box = mask_box(mask)
            if box is None:
                continue
            self._names[region_id] = name
            small = scale_mask(mask, fit_within((width, height), ANALYSIS_PX))
            regions.append(Region(region_id, photo_id, box, rle_codec.encode(small), 0.9))
        with self._lock:
            self._pixels[photo_id] = synthetic.pixels
            self._photos[photo_id] = photo
            self._regions[photo_id] = regions
            self._changes |= LibraryChanges(photos=frozenset({photo_id}))
        return photo_id

    def fail(self, name: str, kind: str, message: str, hint: str = "") -> None:
        self._problems.append(Problem(self.folder.path / name, kind, message, hint))
        self._changes |= LibraryChanges(problems=True)

    def replace_photo(self, photo_id: PhotoId, **changes) -> None:
        with self._lock:
            self._photos[photo_id] = replace(self._photos[photo_id], **changes)
            self._changes |= LibraryChanges(photos=frozenset({photo_id}))

    def replace_folder(self, **changes) -> None:
        self._folders[0] = replace(self._folders[0], **changes)

    # -- the facade ------------------------------------------------------------------------

    def close(self, timeout_s: float = 5.0) -> None:
        self.closed = True
        self.hold_search.set()
        self._lane.close(timeout_s)

    def _all_folders(self) -> tuple[Folder, ...]:
        return tuple(self._folders)

    def _add_folder(self, path: Path) -> Folder:
        if not path.is_dir():
            raise FolderProblem(
                "This is not a folder.", operation="adding a folder", path=path, hint="Choose one."
            )
        folder = Folder(FolderId(len(self._folders) + 1), path, True)
        self._folders.append(folder)
        return folder

    def _remove_folder(self, folder_id: FolderId) -> None:
        self._folders = [f for f in self._folders if f.id != folder_id]

    def _believe(self, folder_id: FolderId) -> Job[LibraryChanges]:
        def work(context: JobContext) -> LibraryChanges:
            self.replace_folder(online=True, lacking=0)
            return LibraryChanges(folders=True)

        return self._lane.submit("scan", work)

    def _start_watching(self) -> None:
        self.watching = True

    def _warm_up(self) -> Job:
        return self._lane.submit("warm up", lambda context: None)

    def _index(self) -> Job:
        return self._lane.submit("index", lambda context: self.status())

    def _pause(self) -> None:
        self.state = IndexingState.PAUSED

    def _resume(self) -> None:
        self.state = IndexingState.RUNNING if self.pending else IndexingState.IDLE

    def status(self) -> LibraryStatus:
        searchable, problems = len(self._photos), len(self._problems)
        running = self.state is IndexingState.RUNNING
        return LibraryStatus(
            profile="starter-1",
            photos=searchable + self.pending + problems,
            searchable=searchable,
            pending=self.pending,
            problems=problems,
            regions=len(self._names),
            folders=self._all_folders(),
            indexing=self.state,
            photos_per_s=1.6 if running else None,
            seconds_left=self.pending / 1.6 if running else None,
        )

    def _listed_problems(self, limit: int = 1000) -> tuple[Problem, ...]:
        return tuple(self._problems[:limit])

    def _retry_problems(self, paths=None) -> int:
        kept = [] if paths is None else [p for p in self._problems if p.path not in paths]
        count = len(self._problems) - len(kept)
        self._problems = kept
        return count

    def take_changes(self) -> LibraryChanges:
        with self._lock:
            changes, self._changes = self._changes, LibraryChanges()
        return changes

    def _judge(self, photo_ids, query: str, match: bool | None, region_id=None) -> None:
        said = self.said.setdefault(judged_subject(query), {})
        for photo_id in photo_ids:
            said.pop(photo_id, None)
            if match is not None:
                said[photo_id] = match

    def _apply_said(self, request: SearchRequest, hits) -> tuple[SearchHit, ...]:
        return Judged(self.said.get(judged_subject(request.text), {})).apply(hits)

    def _search(self, request: SearchRequest) -> Job[SearchResult]:
        self.requests.append(request)

        def work(context) -> SearchResult:
            stage_one = self._rank(request)
            plan = self.parse(request.text) if request.text else None
            blank = tuple(
                replace(h, verdict=Verdict.UNVERIFIED, probability=None) for h in stage_one
            )
            context.publish(
                SearchResult(
                    request,
                    "starter-1",
                    self._apply_said(request, blank),
                    3.0,
                    complete=False,
                    plan=plan,
                )
            )
            while not self.hold_search.wait(0.005):
                context.cancel.raise_if_set()
            context.cancel.raise_if_set()
            if request.verify and request.text:
                return self._rerank(request, stage_one, context, plan)
            shown = self._apply_said(request, stage_one)
            return SearchResult(request, "starter-1", shown, 12.0, plan=plan)

        return self._lane.submit("search", work, latest_wins=True)

    def _describe_reranker(self) -> RerankerInfo:
        return self.reranker_info

    def _rerank(
        self,
        request: SearchRequest,
        hits: list[SearchHit],
        context: JobContext,
        plan: QueryPlan | None,
    ) -> SearchResult:
        info, total = self.reranker_info, min(request.verify, len(hits))

        def result(done: int, **others) -> SearchResult:
            return SearchResult(
                request,
                "starter-1",
                self._apply_said(request, reordered(hits)),
                20.0,
                reranker=info.title,
                to_look_at=total,
                looked_at=done,
                plan=plan,
                **others,
            )

        if not info.available:
            note = f"{info.problem} {info.hint}"
            return SearchResult(request, "starter-1", tuple(hits), 20.0, note=note, plan=plan)
        context.publish(result(0, complete=False, note=f"{info.title} is getting ready."))
        for i in range(total):
            key = (request.text, hits[i].photo.id)
            while key not in self.cached_reranks:
                context.cancel.raise_if_set()
                if self.rerank_permits.acquire(timeout=0.005):
                    answer = replace(hits[i], verdict=Verdict.MATCH, probability=0.9)
                    answer = self.rerank_results.get(hits[i].photo.path.name, answer)
                    self.cached_reranks[key] = replace(answer, looked_at=True)
            hits[i] = self.cached_reranks[key]
            context.publish(result(i + 1, complete=False))
        return result(total)

    def _rank(self, request: SearchRequest) -> list[SearchHit]:
        wanted = request.text or self._names[request.like_region]
        hits = []
        for photo_id, photo in self._photos.items():
            best: tuple[float, Region | None] = (0.08, None)
            for region in self._regions[photo_id]:
                shared = set(self._names[region.id].split()) & set(wanted.split())
                score = len(shared) / max(1, len(set(wanted.split())))
                score = {0.0: 0.1}.get(score, 0.25 + 0.7 * score)
                if region.id != request.like_region and score > best[0]:
                    best = (score, region)
            score, region = best
            verdict = Verdict.NO
            if score > 0.45:
                verdict = Verdict.MATCH if score > 0.8 else Verdict.UNSURE
            name = self._names[region.id] if region else ""
            reason = f"This looks like a {name}." if name else ""
            hit = SearchHit(photo, score, region, verdict, score, reason)
            hits.append(replace(hit, **self.hit_changes.get(photo.path.name, {})))
        folded = {photo.id for hit in hits for photo in hit.similar}
        hits = [hit for hit in hits if hit.photo.id not in folded]
        return sorted(hits, key=lambda hit: -hit.score)[: request.limit]

    def _photo(self, photo_id: PhotoId) -> Photo | None:
        return self._photos.get(photo_id)

    def _page(self, limit: int = 200, before: PhotoId | None = None) -> tuple[Photo, ...]:
        ids = sorted(self._photos, reverse=True)
        return tuple(self._photos[i] for i in ids if before is None or i < before)[:limit]

    def _regions_of(self, photo_id: PhotoId) -> tuple[Region, ...]:
        return tuple(self._regions.get(photo_id, ()))

    def _labels_of(self, photo_id: PhotoId) -> dict[RegionId, tuple[RegionLabel, ...]]:
        return {r.id: self.labels[r.id] for r in self._regions_of(photo_id) if r.id in self.labels}

    def _region(self, region_id: RegionId) -> Region | None:
        return next((r for rs in self._regions.values() for r in rs if r.id == region_id), None)

    def _thumbnail(self, photo_id: PhotoId) -> bytes | None:
        from PIL import Image

        if photo_id not in self._pixels:
            return None
        image = Image.fromarray(self._pixels[photo_id])
        image.thumbnail((384, 384))
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=88)
        return stream.getvalue()

    def _read(self, photo_id: PhotoId, longest_px: int | None = None) -> np.ndarray:
        photo = self._photos[photo_id]
        if not photo.available:
            raise PhotoMissing("The file is gone.", operation="reading the photo", path=photo.path)
        return self._pixels[photo_id]

    def _export(self, request: ExportRequest) -> Job[ExportSummary]:
        self.exported.append(request)

        def work(context) -> ExportSummary:
            from PIL import Image

            written = []
            for number, hit in enumerate(request.hits):
                pixels = self._pixels[hit.photo.id]
                mask = scale_mask(rle_codec.decode(hit.region.rle), hit.photo.size_wh)
                alpha = (mask * 255).astype(np.uint8)
                box = mask_box(mask)
                rows = slice(int(box.y0), int(box.y1))
                columns = slice(int(box.x0), int(box.x1))
                rgba = np.dstack([pixels, alpha])[rows, columns]
                path = request.to / f"{hit.photo.path.stem}-{number}.png"
                Image.fromarray(np.ascontiguousarray(rgba)).save(path)
                written.append(path)
            return ExportSummary(tuple(written))

        return self._lane.submit("export", work)
