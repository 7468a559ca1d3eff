"""The plain values that pass between the steps and out to the window and the command line.

Frames: pixels are RGB uint8 HWC, EXIF-upright. Boxes are float ``xyxy``, half-open, in pixels of
the upright photo unless a name says otherwise. Masks live at the *analysis size* (longest side at
most 1024 px) as COCO column-major RLE.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import NewType

FolderId = NewType("FolderId", int)
PhotoId = NewType("PhotoId", int)
RegionId = NewType("RegionId", int)
"""Key of a row in ``regions`` and, the same number, key of its vector in the index."""
UNSTORED = RegionId(0)
"""Of an outline that was made for one hit: no row has it, and nothing can be compared with it."""
QueryId = NewType("QueryId", int)


@dataclass(frozen=True, slots=True)
class BoxXyxy:
    """A half-open box ``[x0, x1) x [y0, y1)``; pixels, float.

    Raises:
        ValueError: if a side is negative or not a number.
    """

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        if not (self.x1 >= self.x0 and self.y1 >= self.y0):
            raise ValueError(f"expected x0 <= x1 and y0 <= y1, got {self.as_tuple()}")

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    @property
    def area(self) -> float:
        return self.width * self.height

    def as_tuple(self) -> tuple[float, float, float, float]:
        return (self.x0, self.y0, self.x1, self.y1)

    def scaled(self, sx: float, sy: float) -> BoxXyxy:
        """The same box in a frame that is ``sx`` times as wide and ``sy`` times as high."""
        return BoxXyxy(self.x0 * sx, self.y0 * sy, self.x1 * sx, self.y1 * sy)


@dataclass(frozen=True, slots=True)
class Rle:
    """A mask as compressed COCO run lengths (column-major), as pycocotools reads and writes them.

    Attributes:
        size_hw: height and width of the mask in pixels.
        counts: the compressed runs, ASCII.
    """

    size_hw: tuple[int, int]
    counts: bytes

    def __post_init__(self) -> None:
        if min(self.size_hw) < 1:
            raise ValueError(f"expected a mask of at least 1 x 1 px, got {self.size_hw}")


@dataclass(frozen=True, slots=True)
class Folder:
    """A watched folder and how far it has come.

    Attributes:
        online: False while the folder cannot be reached (drive unplugged); nothing is forgotten.
        photos: files found below it; ``searchable`` of them are indexed; ``problems`` failed.
    """

    id: FolderId
    path: Path
    online: bool
    photos: int = 0
    searchable: int = 0
    problems: int = 0


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo, known by its content, wherever its file lies.

    Attributes:
        path: where it was last seen. ``available`` is False while nothing can be read there.
        size_wh: upright width and height in pixels.
        taken_at: capture time as ISO 8601 local time, None if the file does not say.
    """

    id: PhotoId
    path: Path
    size_wh: tuple[int, int]
    available: bool = True
    taken_at: str | None = None
    camera: str | None = None
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Region:
    """One thing in one photo.

    Attributes:
        box_xyxy: in pixels of the upright photo.
        rle: mask at the analysis size.
        mask_score: the proposer's own confidence, 0..1.
    """

    id: RegionId
    photo_id: PhotoId
    box_xyxy: BoxXyxy
    rle: Rle
    mask_score: float


class Verdict(StrEnum):
    """What stage two says of a hit. ``UNVERIFIED``: it has not been asked."""

    MATCH = "match"
    UNSURE = "unsure"
    NO = "no"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What to look for: words, or a region whose likes are wanted (exactly one of the two).

    Attributes:
        limit: most hits returned.
        verify: how many of the first hits the second look looks at; a free verifier looks at all.
        folder_ids: only photos below these folders; empty means all.
    """

    text: str = ""
    like_region: RegionId | None = None
    limit: int = 50
    verify: int = 0
    folder_ids: frozenset[FolderId] = frozenset()

    def __post_init__(self) -> None:
        if bool(self.text.strip()) == (self.like_region is not None):
            raise ValueError("expected either a text or a region to search for, got both or none")
        if self.limit < 1:
            raise ValueError(f"expected a limit of at least 1, got {self.limit}")


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One photo in a ranking.

    Attributes:
        score: what the order follows, higher is better; comparable within one query only.
        probability: calibrated 0..1 that the photo shows what was asked; None if unverified.
        region: the thing that matched; None where only the whole photo did. Its id is
            ``UNSTORED`` if no stored mask fits where the second look saw it, so that one was
            made for this hit.
        reason: one short sentence for people.
        outlined: False while only the photo as a whole is known; its things are looked for later.
        looked_at: a language model has looked at the photo; the verdict is its own.
        parts: stored regions that ``region`` was put together from; empty if it is one of them.
        others: further things in the photo that are what was asked, clearest first.
        box_xyxy: where the second look saw it, if no mask that is stored fits there and none
            could be made (yet).
    """

    photo: Photo
    score: float
    region: Region | None
    verdict: Verdict = Verdict.UNVERIFIED
    probability: float | None = None
    reason: str = ""
    outlined: bool = True
    looked_at: bool = False
    parts: tuple[RegionId, ...] = ()
    others: tuple[Region, ...] = ()
    box_xyxy: BoxXyxy | None = None


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A ranking; ``complete`` is False on partial results whose verdicts are still coming.

    Attributes:
        second_look: title of the language model that looks at the first hits; empty if none does.
        to_look_at: how many of the hits it looks at; ``looked_at`` of them it has been through,
            those that it could not say anything of included.
    """

    request: SearchRequest
    profile: str
    hits: tuple[SearchHit, ...]
    took_ms: float
    complete: bool = True
    note: str = ""
    second_look: str = ""
    to_look_at: int = 0
    looked_at: int = 0


@dataclass(frozen=True, slots=True)
class SecondLookInfo:
    """What takes the second look in a library.

    Attributes:
        name: of the model, as ``pickout-cli models list`` has it; empty if there is none.
        title: the same for people.
        where: what it runs on, for people ("processor, 4 threads"); empty if there is none.
        problem, hint: why there is none and what to do; empty if all is well.
        calibrated: its verdicts were fitted to photos with known answers.
    """

    name: str = ""
    title: str = ""
    where: str = ""
    problem: str = ""
    hint: str = ""
    calibrated: bool = False

    @property
    def available(self) -> bool:
        return bool(self.name)


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that could not be indexed, why, and what can be done."""

    path: Path
    kind: str
    message: str
    hint: str = ""
    attempts: int = 1
    happened_at: str = ""


class IndexingState(StrEnum):
    """What the indexer is doing."""

    IDLE = "idle"
    RUNNING = "running"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class PassStatus:
    """How far one of the two passes of indexing is.

    Attributes:
        waiting: photos that it has still to look at, in folders that can be reached.
        photos_per_s, seconds_left: now, or as they were when the pass last went on; None if that
            was never measured.
    """

    waiting: int = 0
    photos_per_s: float | None = None
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """How far the change to other models is, while the old ones answer.

    Attributes:
        photos: files that these models are to know; ``searchable`` of them they know at least as
            a whole, ``outlined`` of those in full.
        done: share of the work, 0..1.
        full: what is left to look at, and how fast that goes.
    """

    profile: str
    photos: int
    searchable: int
    outlined: int
    done: float
    full: PassStatus


@dataclass(frozen=True, slots=True)
class LibraryStatus:
    """A snapshot for the status line and ``pickout-cli status``.

    ``photos == searchable + pending + problems`` always holds (files, not contents).

    Attributes:
        searchable: a search finds them; ``outlined`` of them with their things, the others as a
            whole until the full pass has come to them.
        photos_per_s, seconds_left: of the pass that is going on.
        coarse: photos that are not searchable yet.
        full: photos whose things are not known yet, those of ``coarse`` included.
        change: under way to other models; None if there is none.
    """

    profile: str
    photos: int
    searchable: int
    pending: int
    problems: int
    regions: int
    folders: tuple[Folder, ...] = ()
    indexing: IndexingState = IndexingState.IDLE
    photos_per_s: float | None = None
    seconds_left: float | None = None
    current_path: Path | None = None
    note: str = ""
    outlined: int = 0
    coarse: PassStatus = PassStatus()
    full: PassStatus = PassStatus()
    change: ProfileChange | None = None


@dataclass(frozen=True, slots=True)
class ProfileCost:
    """What changing to other models will take.

    Attributes:
        photos: that the models have still to look at, those only coarsely known included.
        per_second: photos, None if it is not known: nothing could be tried.
        tried: it comes from a trial on a few photos, not from an earlier run.
        seconds: for all of them, None as ``per_second``.
        disk_bytes: what the library will grow by, estimated.
        free_bytes: on the library's disk now.
    """

    profile: str
    photos: int
    per_second: float | None
    tried: bool
    seconds: float | None
    disk_bytes: int
    free_bytes: int

    @property
    def fits(self) -> bool:
        """Whether there is room on the disk."""
        return self.disk_bytes < self.free_bytes


@dataclass(frozen=True, slots=True)
class KeptProfile:
    """Models the library holds vectors of.

    Attributes:
        key: tells versions of models of the same name apart.
        photos: contents they have looked at.
        disk_bytes: what that takes, estimated.
        answering, next: whether they answer now, or will once they have seen all photos.
        complete: nothing is left for them to look at.
    """

    name: str
    key: str
    photos: int
    disk_bytes: int
    answering: bool
    next: bool
    complete: bool


@dataclass(frozen=True, slots=True)
class LibraryChanges:
    """What a write changed, for whoever shows it. ``profile``: other models answer now, so
    every hit, region and count may be another."""

    photos: frozenset[PhotoId] = frozenset()
    folders: bool = False
    problems: bool = False
    profile: bool = False

    def __or__(self, other: LibraryChanges) -> LibraryChanges:
        return LibraryChanges(
            self.photos | other.photos,
            self.folders or other.folders,
            self.problems or other.problems,
            self.profile or other.profile,
        )

    def __bool__(self) -> bool:
        return bool(self.photos or self.folders or self.problems or self.profile)


class ExportKind(StrEnum):
    """What an export writes."""

    CUTOUT = "cutout"
    MASK = "mask"
    OVERLAY = "overlay"
    COCO = "coco"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """Hits to write below a folder. Existing files are never overwritten: a number is added."""

    hits: tuple[SearchHit, ...]
    to: Path
    kind: ExportKind
    query: str = ""


@dataclass(frozen=True, slots=True)
class ExportSummary:
    """The files written, and the hits that were not, each with its reason."""

    written: tuple[Path, ...]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What ``check`` found. ``repaired`` names what it put right; ``faults`` what it could not."""

    photos: int
    regions: int
    vectors: int
    repaired: tuple[str, ...] = ()
    faults: tuple[str, ...] = field(default=())

    @property
    def ok(self) -> bool:
        return not self.faults
