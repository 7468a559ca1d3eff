"""Files that people take for photos or keep beside them, and that Pickout does not read."""

from __future__ import annotations

from collections.abc import Collection

VIDEO = "video"
_VIDEOS = frozenset(
    {
        *".mov .mp4 .m4v .avi .mkv .webm .mts .m2ts .3gp .3g2 .wmv .mpg .mpeg .vob".split(),
        *".flv .ogv .insv".split(),
    }
)
_PICTURES = frozenset(
    {
        # Camera raw.
        *".3fr .arw .cr2 .cr3 .crw .dcr .dng .erf .fff .gpr .iiq .kdc .mef .mos .mrw .nef".split(),
        *".nrw .orf .pef .raf .raw .rw2 .rwl .sr2 .srf .srw .x3f".split(),
        # Other pictures, and documents of picture editors.
        *".jxl .jp2 .j2k .jpf .jpx .jxr .hdr .exr .psd .psb .xcf .kra .clip .afphoto".split(),
    }
)
"""Suffixes, lower case. What ``decode.formats`` reads is no such kind, though it stands here."""


def kind_of(suffix: str, readable: Collection[str]) -> str | None:
    """What a file that is not read is called when it is counted: "video", "CR3"; None if it is
    read, or of no kind that people would miss.

    Args:
        suffix: lower case, with the dot.
        readable: suffixes of files that are read.
    """
    if suffix in readable:
        return None
    if suffix in _VIDEOS:
        return VIDEO
    return suffix[1:].upper() if suffix in _PICTURES else None
