"""Names and files: nothing escapes, nothing is overwritten, nothing is left half written."""

from __future__ import annotations

import errno
import os
import sys
import time

import pytest

from engine.errors import DiskFull, ExportProblem
from engine.export import files
from engine.export.files import OutputFolder, safe_name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("holiday", "holiday"),
        ("a red umbrella", "a red umbrella"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a/b\\c", "a_b_c"),
        ('x<>:"|?*y', "x_______y"),
        ("CON", "_CON"),
        ("nul.tar", "_nul.tar"),
        ("com1", "_com1"),
        ("LPT¹", "_LPT¹"),
        ("console", "console"),
        ("trailing. . ", "trailing"),
        (".hidden", "hidden"),
        ("...", "photo"),
        ("", "photo"),
        ("tab\tand\nline", "tab and line"),
        ("nul\x00byte", "nulbyte"),
        ("\u202egpj.exe", "gpj.exe"),
        ("lone\udc80surrogate", "lonesurrogate"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("ねこ", "ねこ"),
    ],
)
def test_safe_name(text, expected):
    assert safe_name(text) == expected


@pytest.mark.parametrize("text", ["x" * 300, "ä" * 300, "猫" * 300, "a." * 200])
def test_long_names_are_cut_at_a_whole_character(text):
    name = safe_name(text)
    assert 1 <= len(name.encode()) <= files.NAME_BYTES
    assert name == name.strip(". ") and text.startswith(name)


def test_a_number_is_added_instead_of_overwriting(tmp_path):
    (tmp_path / "cat.png").write_bytes(b"mine")
    folder = OutputFolder(tmp_path)
    names = [folder.write("cat.png", bytes([i])).name for i in range(3)]
    assert names == ["cat (2).png", "cat (3).png", "cat (4).png"]
    assert (tmp_path / "cat.png").read_bytes() == b"mine"
    assert (tmp_path / "cat (3).png").read_bytes() == b"\x01"


def test_a_dangling_link_is_not_followed(tmp_path):
    outside = tmp_path / "outside.png"
    folder_path = tmp_path / "out"
    folder_path.mkdir()
    (folder_path / "cat.png").symlink_to(outside)
    written = OutputFolder(folder_path).write("cat.png", b"x")
    assert written.name == "cat (2).png"
    assert not outside.exists()


def test_hostile_names_stay_inside(tmp_path):
    folder = OutputFolder(tmp_path / "out")
    for name in ("../../x", "..", "/etc/x", "a/../../b", "C:\\x", "\x00"):
        written = folder.write(f"{safe_name(name)}.png", b"x")
        assert written.parent == (tmp_path / "out").resolve() and written.is_file()
    for name in ("../x.png", "/etc/x.png", "a/../../b.png"):
        with pytest.raises(ExportProblem, match="out of the chosen folder"):
            folder.write(name, b"x")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out"]


def test_without_hard_links_nothing_is_overwritten_either(tmp_path, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "cat.png").write_bytes(b"mine")
    written = OutputFolder(tmp_path).write("cat.png", b"new")
    assert written.name == "cat (2).png" and written.read_bytes() == b"new"
    assert (tmp_path / "cat.png").read_bytes() == b"mine"
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are a POSIX thing")
def test_a_write_that_fails_half_way_leaves_nothing(tmp_path):
    import resource
    import signal

    folder = OutputFolder(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(DiskFull) as caught:
            folder.write("cat.png", b"x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert caught.value.path == tmp_path.resolve() and caught.value.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("code", "kind"),
    [(errno.ENOSPC, DiskFull), (errno.EROFS, ExportProblem), (errno.EIO, ExportProblem)],
)
def test_errors_of_the_disk_are_told_apart(tmp_path, monkeypatch, code, kind):
    folder = OutputFolder(tmp_path)

    def fail(_handle):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(kind):
        folder.write("cat.png", b"x")
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_place_of_the_folder(tmp_path):
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(ExportProblem):
            OutputFolder(path)


def test_old_leftovers_are_swept_and_fresh_ones_kept(tmp_path):
    old, fresh = tmp_path / ".pickout-00.part", tmp_path / ".pickout-11.part"
    for path in (old, fresh):
        path.write_bytes(b"half")
    two_hours_ago = time.time() - 7200
    os.utime(old, (two_hours_ago, two_hours_ago))
    OutputFolder(tmp_path)
    assert not old.exists() and fresh.exists()
