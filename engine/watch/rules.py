"""Which files and folders are left out, in the syntax of .gitignore files."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from engine.errors import BadRequest

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

DEFAULT_RULES = r"""
# Hidden files and folders, among them thumbnails and recycle bins of most systems.
.*

# Recycle bins and folders of systems.
$recycle.bin/
recycler/
system volume information/
lost+found/
found.[0-9][0-9][0-9]/
network trash folder/
temporary items/
__macosx/

# Recycle bins, snapshots and thumbnails of network drives.
\#recycle/
@recycle/
\#snapshot/
@recently-snapshot/
@eadir/
@__thumb/

# Previews of photo programs; the originals beside them are found.
*.lrdata/
**/*.photoslibrary/database/
**/*.photoslibrary/external/
**/*.photoslibrary/private/
**/*.photoslibrary/resources/
**/*.photoslibrary/scopes/
**/captureone/cache/

# Caches.
cache/
caches/
thumbnails/
thumbs/

# Programs and their data.
*.app/
appdata/
**/android/data/
**/android/obb/
**/library/application support/
/program files/
/program files (x86)/
/programdata/
__pycache__/
bower_components/
node_modules/
site-packages/
"""
"""Left out of every folder unless its own rules say otherwise; capital letters do not matter."""


def default_rules() -> list[tuple[str, str]]:
    """Each pattern of ``DEFAULT_RULES``, and why it is there.

    >>> default_rules()[0]
    ('.*', 'Hidden files and folders, among them thumbnails and recycle bins of most systems.')
    """
    found, why = [], ""
    for line in filter(None, DEFAULT_RULES.splitlines()):
        if line.startswith("# "):
            why = line.removeprefix("# ")
        else:
            found.append((line, why))
    return found


class Rules:
    """The default rules and those of one folder. Thread-safe.

    A folder's own rules go before the default ones: ``!node_modules/`` brings those folders back.
    As in git, nothing can be brought back from a folder that is left out itself.

    Args:
        own: lines of the folder's own rules; capital letters matter in them.

    Raises:
        BadRequest: a line is no pattern.
    """

    def __init__(self, own: str = "") -> None:
        self._own = _compiled(own.splitlines()) if own.strip() else None

    def leave_out(self, rel_path: str, *, folder: bool = False) -> bool:
        """Whether an entry is left out, if the folder that it lies in is not.

        Args:
            rel_path: as in ``FileFacts``.

        >>> rules = Rules("!node_modules/\\nScreenshots/")
        >>> folders = ("a/@eaDir", "node_modules", "x/Screenshots")
        >>> [rules.leave_out(name, folder=True) for name in folders]
        [True, False, True]
        """
        path = f"{rel_path}/" if folder else rel_path
        if self._own is not None:
            said = self._own.check_file(path).include
            if said is not None:
                return said
        return bool(_defaults(folder).check_file(path.lower()).include)

    def leave_out_any_of(self, rel_path: str) -> bool:
        """Whether a file or a folder that it lies in is left out."""
        return self.leave_out(rel_path) or any(
            self.leave_out(folder, folder=True) for folder in _parents(rel_path)
        )

    def left_out_among(self, rel_paths: Iterable[str]) -> Iterator[bool]:
        """``leave_out_any_of`` of many files; every folder is looked at once.

        >>> list(Rules("Screenshots/").left_out_among(["a.jpg", "x/Screenshots/y/b.jpg"]))
        [False, True]
        """
        known = {"": False}
        for rel_path in rel_paths:
            for folder in _parents(rel_path):
                if folder not in known:
                    above = known[folder.rpartition("/")[0]]
                    known[folder] = above or self.leave_out(folder, folder=True)
            yield known[rel_path.rpartition("/")[0]] or self.leave_out(rel_path)


def _parents(rel_path: str) -> Iterator[str]:
    end = rel_path.find("/")
    while end >= 0:
        yield rel_path[:end]
        end = rel_path.find("/", end + 1)


@functools.cache
def _defaults(folder: bool) -> GitIgnoreSpec:
    """Files are matched with the few rules that are for them too, because they are many."""
    lines = DEFAULT_RULES.splitlines()
    return _compiled(line for line in lines if folder or not line.endswith("/"))


def _compiled(lines: Iterable[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError as error:
        raise BadRequest(
            f"One of the rules is none ({error}).",
            operation="leaving files out",
            hint="Write patterns as in a .gitignore file: Screenshots/, *.png, !keep.png",
        ) from error
