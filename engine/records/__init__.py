"""Immutable values that pass between the steps, the window and the command line.

Frames: pixels are RGB uint8 HWC, EXIF-upright. Boxes are float ``xyxy``, half-open, in pixels of
the upright photo unless a name says otherwise. Masks live at the *analysis size* (longest side at
most 1024 px) as COCO column-major RLE.
"""

from engine.records.export import ExportKind, ExportRequest, ExportSummary
from engine.records.geometry import BoxXyxy, Rle
from engine.records.indexing import IndexingState, PassStatus
from engine.records.library import CheckReport, LibraryChanges, LibraryStatus
from engine.records.photos import Folder, FolderId, Photo, PhotoId, Problem
from engine.records.profiles import KeptProfile, ProfileChange, ProfileCost
from engine.records.regions import UNSTORED, Region, RegionId
from engine.records.search import (
    QueryId,
    RerankerInfo,
    SearchHit,
    SearchRequest,
    SearchResult,
    Verdict,
)

__all__ = [
    "UNSTORED",
    "BoxXyxy",
    "CheckReport",
    "ExportKind",
    "ExportRequest",
    "ExportSummary",
    "Folder",
    "FolderId",
    "IndexingState",
    "KeptProfile",
    "LibraryChanges",
    "LibraryStatus",
    "PassStatus",
    "Photo",
    "PhotoId",
    "Problem",
    "ProfileChange",
    "ProfileCost",
    "QueryId",
    "Region",
    "RegionId",
    "RerankerInfo",
    "Rle",
    "SearchHit",
    "SearchRequest",
    "SearchResult",
    "Verdict",
]
