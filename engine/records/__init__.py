"""Immutable values that pass between the steps, the window and the command line.

Frames: pixels are RGB uint8 HWC, EXIF-upright. Boxes are float ``xyxy``, half-open, in pixels of
the upright photo unless a name says otherwise. Masks live at the *analysis size* (longest side at
most 1024 px) as COCO column-major RLE.
"""

from engine.records.backups import Backup, BackupKind, RestoreReport
from engine.records.edits import EditKind, EditStep, RegionName
from engine.records.export import (
    DEFAULT_PATTERN,
    ExistingFiles,
    ExportKind,
    ExportPreview,
    ExportRequest,
    ExportSummary,
)
from engine.records.geometry import BoxXyxy, Rle
from engine.records.indexing import IndexingState, PassStatus
from engine.records.library import CheckReport, LibraryChanges, LibraryStatus
from engine.records.metadata import DateSource, PhotoMetadata
from engine.records.models import ComputerInfo, ModelFileInfo, ModelInfo
from engine.records.photos import Folder, FolderId, FolderMove, Photo, PhotoId, Problem
from engine.records.plan import (
    Count,
    DateRange,
    Filter,
    FilterKind,
    FilterValue,
    NumberRange,
    Place,
    PlainReason,
    PlainText,
    PlanPart,
    QueryPlan,
    Relation,
    RelationTerm,
    Scene,
    Span,
    Thing,
)
from engine.records.profiles import KeptProfile, ProfileChange, ProfileCost, ProfileInfo
from engine.records.regions import UNSTORED, Region, RegionId, RegionLabel
from engine.records.search import (
    Finding,
    QueryId,
    RerankerInfo,
    SearchHit,
    SearchRequest,
    SearchResult,
    Verdict,
)

__all__ = [
    "DEFAULT_PATTERN",
    "UNSTORED",
    "Backup",
    "BackupKind",
    "BoxXyxy",
    "CheckReport",
    "ComputerInfo",
    "Count",
    "DateRange",
    "DateSource",
    "EditKind",
    "EditStep",
    "ExistingFiles",
    "ExportKind",
    "ExportPreview",
    "ExportRequest",
    "ExportSummary",
    "Filter",
    "FilterKind",
    "FilterValue",
    "Finding",
    "Folder",
    "FolderId",
    "FolderMove",
    "IndexingState",
    "KeptProfile",
    "LibraryChanges",
    "LibraryStatus",
    "ModelFileInfo",
    "ModelInfo",
    "NumberRange",
    "PassStatus",
    "Photo",
    "PhotoId",
    "PhotoMetadata",
    "Place",
    "PlainReason",
    "PlainText",
    "PlanPart",
    "Problem",
    "ProfileChange",
    "ProfileCost",
    "ProfileInfo",
    "QueryId",
    "QueryPlan",
    "Region",
    "RegionId",
    "RegionLabel",
    "RegionName",
    "Relation",
    "RelationTerm",
    "RerankerInfo",
    "RestoreReport",
    "Rle",
    "Scene",
    "SearchHit",
    "SearchRequest",
    "SearchResult",
    "Span",
    "Thing",
    "Verdict",
]
