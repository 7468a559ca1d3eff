"""What is left out by default, and by a folder's own rules."""

import doctest

import pytest

from engine.errors import BadRequest
from engine.watch import rules
from engine.watch.rules import Rules


@pytest.mark.parametrize(
    "path",
    [
        *(".hidden", "a/.git", "$RECYCLE.BIN", "x/@eaDir", "#recycle", "System Volume Information"),
        *("Catalog Previews.lrdata", "web/node_modules", "Users/ann/AppData", "Cache", "a/Thumbs"),
        *("Ann.photoslibrary/resources", "CaptureOne/Cache", "Photo Booth.app", "found.001"),
        *("Phone/Android/data", "Program Files", "__MACOSX", "lost+found", "#snapshot"),
    ],
)
def test_folders_that_no_one_means_are_left_out(path):
    assert Rules().leave_out(path, folder=True)
    assert Rules().leave_out_any_of(f"{path}/deep/a.jpg")


@pytest.mark.parametrize(
    "path",
    [
        *("2021", "Ann.photoslibrary/originals", "Cachemire", "Android/DCIM", "Windows"),
        *("Thumbsup", "node", "a.lr", "recycle", "Holidays/Program Files", "found.footage"),
    ],
)
def test_folders_of_people_are_not(path):
    assert not Rules().leave_out(path, folder=True)
    assert not Rules().leave_out_any_of(f"{path}/a.jpg")


def test_default_rules_for_folders_do_not_leave_out_files():
    assert not Rules().leave_out("cache") and not Rules().leave_out("x.lrdata")
    assert Rules().leave_out(".a.jpg") and Rules().leave_out("x/._a.jpg")


def test_own_rules_go_before_the_default_ones():
    own = Rules("# mine\nScreenshots/\n*.PNG\n!node_modules/\n!keep.PNG\n/top/")
    assert own.leave_out("a/Screenshots", folder=True)
    assert not own.leave_out("a/screenshots", folder=True)
    assert own.leave_out("a/b.PNG") and not own.leave_out("a/b.png")
    assert not own.leave_out("x/node_modules", folder=True)
    assert not own.leave_out("keep.PNG")
    assert own.leave_out("top", folder=True) and not own.leave_out("a/top", folder=True)
    assert own.leave_out(".hidden", folder=True)


def test_many_files_are_judged_as_each_of_them():
    own = Rules("Screenshots/\n*.PNG\n!node_modules/\n/top/\n!a/.keep/")
    files = [
        *("a.jpg", "b.PNG", ".a.jpg", "a/Screenshots/b.jpg", "a/Screenshots/x/b.jpg"),
        *("top/x/y.jpg", "a/top/x.jpg", "x/node_modules/y/b.jpg", "a/.keep/b.jpg", "a/.git/b/c"),
        *("cache/node_modules/b.jpg", "caf\udce9/b.jpg", "a/b/c/d.jpg"),
    ]
    judged = list(own.left_out_among(files))
    assert judged == [own.leave_out_any_of(file) for file in files]
    assert True in judged and False in judged


def test_every_default_rule_has_a_reason():
    found = rules.default_rules()
    lines = [line for line in rules.DEFAULT_RULES.splitlines() if line and not line.startswith("#")]
    assert [pattern for pattern, _ in found] == lines
    assert all(why.endswith(".") for _, why in found)


def test_names_that_are_no_text_can_be_matched():
    assert Rules("*.jpg").leave_out("caf\udce9.jpg")
    assert not Rules().leave_out("caf\udce9.jpg")


def test_a_line_that_is_no_pattern_is_refused():
    with pytest.raises(BadRequest, match="One of the rules") as caught:
        Rules("a\n!\n")
    assert ".gitignore" in caught.value.hint


def test_the_worked_example():
    assert doctest.testmod(rules).failed == 0
