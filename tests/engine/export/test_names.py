"""Names from patterns, previews that hold, and second exports that change nothing unless asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import BadRequest, Cancelled, PhotoMissing
from engine.export import exporter, names
from engine.records import ExistingFiles, ExportKind, ExportRequest


class Reader:
    """The pixels of disc photos; counts the calls."""

    def __init__(self, *discs) -> None:
        self._rgb = {disc.photo.path: disc.rgb for disc in discs}
        self.calls = 0

    def __call__(self, photo):
        self.calls += 1
        return self._rgb[photo.path]


def request(tmp_path: Path, *hits, **changes) -> ExportRequest:
    values = {"kind": ExportKind.CUTOUT, "query": "red disc"} | changes
    return ExportRequest(hits=hits, to=tmp_path / "out", **values)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("{name} - {query} - {kind}", "IMG_1 - red disc - cutout.png"),
        ("{number} {name}", "001 IMG_1.png"),
        ("{date}_{name}", "2021-05-04_IMG_1.png"),
        ("{folder} - {verdict}", "photos - match.png"),
        ("{ NAME }", "IMG_1.png"),
        ("no field", "no field.png"),
        ("../{name}", "_IMG_1.png"),
        ("", "photo.png"),
    ],
)
def test_patterns(tmp_path, make_disc, pattern, name):
    disc = make_disc("IMG_1.jpg")
    hit = replace(disc.hit, photo=replace(disc.photo, taken_at="2021-05-04T14:32:10"))
    assert names.planned(request(tmp_path, hit, pattern=pattern), lambda _: False) == [name]


def test_parts_that_are_empty_go_with_what_separates_them(tmp_path, make_disc):
    plain = request(tmp_path, make_disc("a.jpg").hit, query="", pattern="{date} - {name} - {query}")
    assert names.planned(plain, lambda _: False) == ["a.png"]


def test_a_field_that_there_is_not_is_refused_with_those_there_are(tmp_path, make_disc):
    wrong = request(tmp_path, make_disc().hit, pattern="{nme}")
    with pytest.raises(BadRequest, match=r"\{nme\}") as caught:
        exporter.preview(wrong)
    assert "{name}" in caught.value.hint


def test_equal_names_get_numbers_also_where_case_is_ignored(tmp_path, make_disc):
    hits = [make_disc(name).hit for name in ("a/x.jpg", "b/X.jpg", "c/x.jpg")]
    assert names.planned(request(tmp_path, *hits, pattern="{name}"), lambda _: False) == [
        "x.png",
        "X (2).png",
        "x (3).png",
    ]


@pytest.mark.parametrize("existing", list(ExistingFiles))
def test_files_get_the_names_of_the_preview(tmp_path, make_disc, context, existing):
    discs = [make_disc(name) for name in ("a/x.jpg", "b/x.jpg", "y.jpg")]
    asked = request(tmp_path, *(d.hit for d in discs), pattern="{name}", existing=existing)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "X.png").write_bytes(b"mine")
    shown = exporter.preview(asked)
    summary = exporter.run(asked, Reader(*discs), context)
    done = {path.name for path in (*summary.written, *summary.kept)}
    assert done == set(shown.names) and len(done) == 3
    expected = {ExistingFiles.NUMBER: 0, ExistingFiles.KEEP: 1, ExistingFiles.REPLACE: 1}
    assert shown.existing == expected[existing]
    if existing is not ExistingFiles.REPLACE:
        assert (tmp_path / "out" / "X.png").read_bytes() == b"mine"


@pytest.mark.parametrize("kind", list(ExportKind))
def test_a_second_export_changes_nothing_unless_asked(tmp_path, make_disc, context, kind):
    discs = [make_disc(name) for name in ("a.jpg", "b.jpg")]
    for disc in discs:
        disc.photo.path.parent.mkdir(exist_ok=True)
        disc.photo.path.write_bytes(b"bytes of the original")
    hits = [disc.hit for disc in discs]
    first = request(tmp_path, *hits, kind=kind, existing=ExistingFiles.KEEP)
    written = exporter.run(first, Reader(*discs), context).written
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in written}
    reader = Reader(*discs)
    again = exporter.run(first, reader, context)
    assert (again.written, again.kept, reader.calls) == ((), written, 0)
    after = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in (tmp_path / "out").iterdir()}
    assert after == before
    changed = replace(first, existing=ExistingFiles.REPLACE)
    assert exporter.run(changed, Reader(*discs), context).written == written
    assert len(list((tmp_path / "out").iterdir())) == len(written)


def test_originals_are_copied_byte_for_byte_and_stay(tmp_path, make_disc, context):
    disc = make_disc("deep/IMG.JPG")
    disc.photo.path.parent.mkdir(parents=True)
    content = bytes(range(256)) * 9000  # more than one block
    disc.photo.path.write_bytes(content)
    asked = request(tmp_path, disc.whole_hit, kind=ExportKind.ORIGINAL, query="")
    (copy,) = exporter.run(asked, Reader(), context).written
    assert copy.name == "IMG - original.JPG" and copy.read_bytes() == content
    assert disc.photo.path.read_bytes() == content


def test_an_original_that_is_gone_is_a_problem_and_the_others_go_on(tmp_path, make_disc, context):
    gone, there = make_disc("gone.jpg"), make_disc("there.jpg")
    there.photo.path.parent.mkdir()
    there.photo.path.write_bytes(b"x")
    asked = request(tmp_path, gone.hit, there.hit, kind=ExportKind.ORIGINAL)
    summary = exporter.run(asked, Reader(), context)
    assert len(summary.written) == 1
    assert summary.problems[0].kind == PhotoMissing.kind
    assert len(list((tmp_path / "out").iterdir())) == 1


def test_a_cancel_within_a_copy_leaves_no_partial_file(tmp_path, make_disc, context, monkeypatch):
    disc = make_disc()
    disc.photo.path.parent.mkdir()
    disc.photo.path.write_bytes(b"x" * 3000)
    monkeypatch.setattr("engine.export.files._BLOCK_BYTES", 1000)
    reads = []

    def raise_if_set():
        reads.append(1)
        if len(reads) == 3:  # the first is before the file, the third after a part of it
            raise Cancelled

    monkeypatch.setattr(context.cancel, "raise_if_set", raise_if_set, raising=False)
    asked = request(tmp_path, disc.hit, kind=ExportKind.ORIGINAL)
    with pytest.raises(Cancelled):
        exporter.run(asked, Reader(), context)
    assert list((tmp_path / "out").iterdir()) == []
