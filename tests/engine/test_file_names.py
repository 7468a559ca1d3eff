"""Names that are no text, in the store and on the screen."""

import doctest
import os
import random
import sys

import pytest

from engine import file_names


def test_the_worked_example():
    assert doctest.testmod(file_names).failed == 0


@pytest.mark.parametrize(
    "name", ["\udce9", "\uf7e9", "\udcef\uf780\udcff/x\udc80.jpg", "a\uf780", "\udcff\udcff"]
)
def test_a_name_comes_back_and_can_be_encoded(name):
    kept = file_names.stored(name)
    kept.encode()
    assert kept != name and file_names.from_stored(kept) == name
    file_names.shown(name).encode()


@pytest.mark.parametrize("name", ["a.jpg", "Grüße 😀.jpg", "", "日本", "\uf77f\uf800\ufffd"])
def test_other_names_are_kept_and_shown_as_they_are(name):
    assert file_names.stored(name) == name == file_names.from_stored(name)
    assert file_names.shown(name) == name


@pytest.mark.skipif(sys.platform == "win32", reason="names are no bytes there")
def test_any_bytes_come_back():
    made = random.Random(5)
    alphabet = [b"a", b"/", b"\xe9", b"\xef\x9e", b"\xff"]
    alphabet += [character.encode() for character in ("é", "\uf7a9", "😀")]
    for _ in range(2000):
        name = os.fsdecode(b"".join(made.choices(alphabet, k=made.randrange(1, 9))))
        kept = file_names.stored(name)
        assert os.fsencode(file_names.from_stored(kept)) == os.fsencode(name)
        assert not any("\ud800" <= character <= "\udfff" for character in kept)


def test_ends_and_separators_stay_what_they_are():
    kept = file_names.stored("f\udcfcr/caf\udce9.JPG")
    assert kept.endswith(".JPG") and kept.count("/") == 1 and len(kept) == len("fXr/cafX.JPG")
