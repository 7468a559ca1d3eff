"""Disk and store compared."""

import doctest

import pytest

from engine.watch import changes
from engine.watch.changes import FolderDiff, StoredFile, diff
from engine.watch.scanner import FileFacts

A = FileFacts("a.jpg", 100, 5)
B = FileFacts("x/b.jpg", 200, 6)


@pytest.mark.parametrize(
    ("on_disk", "in_store", "unreadable_folders", "expected"),
    [
        ([], {}, [], FolderDiff((), (), (), 0)),
        ([A, B], {}, [], FolderDiff((A, B), (), (), 0)),
        ([A], {"a.jpg": (100, 5)}, [], FolderDiff((), (), (), 1)),
        ([A], {"a.jpg": StoredFile(99, 5)}, [], FolderDiff((), (A,), (), 0)),
        ([A], {"a.jpg": StoredFile(100, 4)}, [], FolderDiff((), (A,), (), 0)),
        # an older time is a change too, as after restoring a backup
        ([A], {"a.jpg": StoredFile(100, 9)}, [], FolderDiff((), (A,), (), 0)),
        ([], {"a.jpg": (1, 1), "x/b.jpg": (1, 1)}, [], FolderDiff((), (), ("a.jpg", "x/b.jpg"), 0)),
        # a file in an unreadable folder is not gone; one outside with the same prefix is
        ([], {"x/b.jpg": (1, 1), "x.jpg": (1, 1)}, ["x"], FolderDiff((), (), ("x.jpg",), 1)),
        # names that differ in case or composition are different files
        ([A], {"A.JPG": (100, 5)}, [], FolderDiff((A,), (), ("A.JPG",), 0)),
    ],
)
def test_diff(on_disk, in_store, unreadable_folders, expected):
    assert diff(iter(on_disk), in_store, unreadable_folders) == expected


def test_the_worked_example():
    assert doctest.testmod(changes).failed == 0
