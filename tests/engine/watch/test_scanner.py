"""Scans of ordinary, unusual and broken folders."""

import os
import shutil
import socket
import sys
import unicodedata
from pathlib import Path

import pytest

from engine.errors import Cancelled, FolderProblem
from engine.jobs import CancelToken
from engine.watch import scanner
from engine.watch.rules import Rules
from engine.watch.scanner import FileFacts, scan_folder


def fill(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())


def names(root: Path, **options) -> list[str]:
    return sorted(file.rel_path for file in scan_folder(root, **options).files)


def skips(root: Path) -> dict[str, str]:
    return {entry.rel_path: entry.kind for entry in scan_folder(root).skipped}


def test_photos_are_found_with_their_facts(tmp_path):
    fill(tmp_path, "a.jpg", "2021/May/b.HEIC")
    os.utime(tmp_path / "a.jpg", ns=(5, 1_600_000_000_123_456_700))
    contents = scan_folder(tmp_path)
    facts = {file.rel_path: file for file in contents.files}
    mtime_ns = os.stat(tmp_path / "a.jpg").st_mtime_ns
    assert facts["a.jpg"] == FileFacts("a.jpg", 5, mtime_ns)
    assert facts.keys() == {"a.jpg", "2021/May/b.HEIC"}
    assert contents.skipped == contents.unreadable_folders == ()


def test_sidecars_are_noticed_with_a_version_that_changes_with_them(tmp_path):
    fill(tmp_path, "a.jpg", "a.jpg.xmp", "2021/b.XMP", ".c.xmp", "@eaDir/d.xmp", "e.xmp/f.jpg")
    first = scan_folder(tmp_path)
    assert first.sidecars.keys() == {"a.jpg.xmp", "2021/b.XMP"}
    assert {file.rel_path for file in first.files} == {"a.jpg", "e.xmp/f.jpg"}
    assert scan_folder(tmp_path).sidecars == first.sidecars
    os.utime(tmp_path / "a.jpg.xmp", ns=(5, 1_600_000_000_000_000_000))
    changed = scan_folder(tmp_path).sidecars
    assert changed["a.jpg.xmp"] != first.sidecars["a.jpg.xmp"]
    assert changed["2021/b.XMP"] == first.sidecars["2021/b.XMP"]


def test_hidden_ignored_and_other_files_are_left_out_without_a_report(tmp_path):
    fill(
        tmp_path,
        *("notes.txt", "jpg", ".movie.mp4", "Cache/a.jpg", "Cache/a.mp4", ".hidden.jpg"),
        *("._a.jpg", ".git/a.jpg"),
        *("@eaDir/a.jpg", "x/@eaDir/a.jpg/b.jpg", ".thumbnails/a.jpg", "$RECYCLE.BIN/a.jpg"),
        *("System Volume Information/a.jpg", "deep/.hidden/deeper/a.jpg"),
    )
    contents = scan_folder(tmp_path)
    assert (contents.files, contents.skipped, contents.unread) == ((), (), ())


def test_a_folder_s_own_rules(tmp_path):
    fill(tmp_path, "a.jpg", "b.png", "Screens/c.jpg", "node_modules/d.jpg", "node_modules/e.png")
    rules = Rules("Screens/\n*.png\n!node_modules/")
    assert names(tmp_path, rules=rules) == ["a.jpg", "node_modules/d.jpg"]


def test_files_that_are_not_read_are_counted(tmp_path):
    fill(
        tmp_path,
        *("a.jpg", "1/b.GPR", "1/c.gpr", "2/d.gpr", "e.mov", "f.MP4", "g.psd", "h.txt", "gpr"),
    )
    contents = scan_folder(tmp_path)
    assert contents.unread == (("GPR", 3), ("video", 2), ("PSD", 1))
    assert [file.rel_path for file in contents.files] == ["a.jpg"]
    more = scan_folder(tmp_path, suffixes={".jpg", ".gpr"})
    assert more.unread == (("video", 2), ("PSD", 1)) and len(more.files) == 4


def test_other_suffixes_and_excluded_folders(tmp_path):
    fill(tmp_path, "a.jpg", "b.xyz", "library/c.xyz", "Library2/d.xyz")
    assert names(tmp_path, suffixes={".xyz"}, exclude=[tmp_path / "library"]) == [
        "Library2/d.xyz",
        "b.xyz",
    ]
    assert names(tmp_path, exclude=[tmp_path / "not there"]) == ["a.jpg"]


def test_a_folder_named_like_a_photo_is_reported_and_entered(tmp_path):
    fill(tmp_path, "x.jpg/inside.png")
    contents = scan_folder(tmp_path)
    assert [file.rel_path for file in contents.files] == ["x.jpg/inside.png"]
    (entry,) = contents.skipped
    assert (entry.rel_path, entry.kind) == ("x.jpg", "folder")
    assert entry.message == "x.jpg is a folder, not a photo." and entry.hint


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in this file system")
def test_pipes_and_sockets_do_not_hang(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe.jpg")
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.png")
        assert skips(tmp_path) == {"pipe.jpg": "special", "socket.png": "special"}


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links(tmp_path):
    photos, elsewhere = tmp_path / "photos", tmp_path / "elsewhere"
    fill(photos, "a.jpg", "inner/b.jpg")
    fill(elsewhere, "c.jpg")
    (photos / "file.jpg").symlink_to(elsewhere / "c.jpg")
    (photos / "outside").symlink_to(elsewhere)
    (photos / "loop").symlink_to(photos)
    (photos / "inner" / "up").symlink_to(tmp_path)
    (photos / "again").symlink_to(photos / "inner")
    (photos / "self.jpg").symlink_to(photos / "self.jpg")
    (photos / "broken.jpg").symlink_to(tmp_path / "nowhere")
    assert names(photos) == ["a.jpg", "file.jpg", "inner/b.jpg"]
    assert skips(photos) == {"outside": "link", "broken.jpg": "link", "self.jpg": "unreadable"}


@pytest.mark.skipif(sys.platform == "win32", reason="paths are short there")
def test_deep_nesting(tmp_path):
    folder = tmp_path
    for _ in range(300):
        folder = folder / "d"
        folder.mkdir()
    (folder / "deep.jpg").write_bytes(b"x")
    assert names(tmp_path) == ["d/" * 300 + "deep.jpg"]


@pytest.mark.skipif(sys.platform != "linux", reason="uses descriptors of folders")
def test_a_path_longer_than_the_system_allows_is_reported(tmp_path):
    fill(tmp_path, "a.jpg")
    part, opened = "p" * 250, [os.open(tmp_path, os.O_DIRECTORY)]
    try:
        for _ in range(20):
            os.mkdir(part, dir_fd=opened[-1])
            opened.append(os.open(part, os.O_DIRECTORY, dir_fd=opened[-1]))
        contents = scan_folder(tmp_path)
        assert [file.rel_path for file in contents.files] == ["a.jpg"]
        assert {entry.message for entry in contents.skipped} == {"The path is too long."}
        assert len(contents.unreadable_folders) == 1
    finally:
        for descriptor in reversed(opened[:-1]):
            os.rmdir(part, dir_fd=descriptor)
        for descriptor in opened:
            os.close(descriptor)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_with_undecodable_bytes(tmp_path):
    fill(tmp_path, "ok.jpg")
    with open(os.fsencode(tmp_path) + b"/caf\xe9.jpg", "wb"):
        pass
    for folder in (b"/f\xfcr", b"/\xff.jpg"):
        os.mkdir(os.fsencode(tmp_path) + folder)
    with open(os.fsencode(tmp_path) + b"/f\xfcr/a.jpg", "wb"):
        pass
    contents = scan_folder(tmp_path)
    assert {file.rel_path for file in contents.files} == {
        "ok.jpg",
        "caf\udce9.jpg",
        "f\udcfcr/a.jpg",
    }
    (entry,) = contents.skipped
    assert (entry.rel_path, entry.kind) == ("\udcff.jpg", "folder")
    assert entry.message.startswith("\ufffd.jpg is a folder")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems take them for one")
def test_names_that_look_the_same_are_different_files(tmp_path):
    composed = unicodedata.normalize("NFC", "é😀.jpg")
    fill(tmp_path, composed, unicodedata.normalize("NFD", composed), "A.jpg", "a.jpg")
    assert len(names(tmp_path)) == 4


def test_a_root_that_is_gone(tmp_path):
    fill(tmp_path, "file.jpg")
    for path in (tmp_path / "gone", tmp_path / "file.jpg"):
        with pytest.raises(FolderProblem, match="not there") as caught:
            scan_folder(path)
        assert caught.value.path == path and caught.value.hint


class ActionAtCheck(CancelToken):
    """A token that runs ``action`` when the scan checks it for the n-th time."""

    def __init__(self, checks, action):
        super().__init__()
        self._remaining, self._action = checks, action

    def raise_if_set(self):
        self._remaining -= 1
        if self._remaining == 0:
            self._action(self)
        super().raise_if_set()


@pytest.mark.parametrize("checks", [1, 2, 4, 6])
def test_a_root_that_vanishes_during_the_scan_is_offline_not_empty(tmp_path, checks):
    root = tmp_path / "drive"
    fill(root, "a/1.jpg", "b/2.jpg", "c/3.jpg")
    with pytest.raises(FolderProblem):
        scan_folder(
            root, cancel=ActionAtCheck(checks, lambda _: root.rename(tmp_path / "unplugged"))
        )


def test_a_root_that_is_replaced_during_the_scan_is_an_error(tmp_path):
    root = tmp_path / "drive"
    fill(root, "a/1.jpg", "b/2.jpg")

    def swap(_):
        root.rename(tmp_path / "old")
        root.mkdir()

    with pytest.raises(FolderProblem):
        scan_folder(root, cancel=ActionAtCheck(2, swap))


@pytest.mark.parametrize("stays", [True, False])
def test_a_drive_below_the_root_is_told_and_checked_at_the_end(tmp_path, monkeypatch, stays):
    """Only the device of the folder is simulated."""
    fill(tmp_path, "a.jpg", "nas/b.jpg", "nas/deep/c.jpg")
    real, asked = scanner._identity, []

    def identity(path):
        device, inode = real(path)
        below = Path(path).is_relative_to(tmp_path / "nas")
        asked.extend([path] if Path(path) == tmp_path / "nas" else [])
        return (device + 1, inode) if below and (stays or len(asked) == 1) else (device, inode)

    monkeypatch.setattr(scanner, "_identity", identity)
    contents = scan_folder(tmp_path)
    assert contents.mounts == ("nas",) and len(asked) == 2
    assert contents.unreadable_folders == (() if stays else ("nas",))


def test_a_folder_deleted_during_the_scan_is_left_out(tmp_path):
    fill(tmp_path, "a/1.jpg", "b/2.jpg")

    def delete(_):
        shutil.rmtree(tmp_path / "a")
        shutil.rmtree(tmp_path / "b")

    contents = scan_folder(tmp_path, cancel=ActionAtCheck(3, delete))
    assert (contents.files, contents.skipped, contents.unreadable_folders) == ((), (), ())


def test_cancelling(tmp_path):
    fill(tmp_path, *(f"{n}.jpg" for n in range(20)))
    with pytest.raises(Cancelled):
        scan_folder(tmp_path, cancel=ActionAtCheck(7, lambda token: token.cancel()))


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="this user may read everything"
)
def test_a_folder_without_read_permission(tmp_path):
    fill(tmp_path, "ok.jpg", "secret/a.jpg")
    (tmp_path / "secret").chmod(0)
    try:
        contents = scan_folder(tmp_path)
    finally:
        (tmp_path / "secret").chmod(0o700)
    assert [file.rel_path for file in contents.files] == ["ok.jpg"]
    assert contents.unreadable_folders == ("secret",)
    assert skips(tmp_path) == {}


def test_a_folder_that_the_disk_cannot_read(tmp_path, monkeypatch):
    """Only the failing system call is simulated."""
    fill(tmp_path, "ok.jpg", "bad/a.jpg")
    real = os.scandir

    def failing(path):
        if str(path).endswith("bad"):
            raise OSError(5, "Input/output error", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", failing)
    contents = scan_folder(tmp_path)
    assert [file.rel_path for file in contents.files] == ["ok.jpg"]
    assert contents.unreadable_folders == ("bad",)
    assert "Input/output" in contents.skipped[0].message
