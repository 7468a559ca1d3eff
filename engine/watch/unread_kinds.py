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
        # Camera raw that LibRaw does not read, or that other programs' data are called like.
        *".gpr .raw".split(),
        # Other pictures, and documents of picture editors.
        *".jxr .hdr .exr .psd .psb .xcf .kra .clip .afphoto".split(),
    }
)
"""Suffixes, lower case."""


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
