"""What queries mean: the shipped nouns, and the command that makes them from WordNet's files."""

from pathlib import Path

import pytest

from engine.errors import ModelBroken, ModelMissing
from engine.paths import resources_dir
from engine.starter.text.thesaurus import FILE_NAME, Thesaurus
from engine.training.thesaurus_table import build_table

LICENCE = "  1 This software and database is being provided to you\n"
# Offset, lexicographer file, "n", words, pointers, gloss; as in wndb(5WN).
DATA = LICENCE + "".join(
    line + "\n"
    for line in (
        "00000010 03 n 01 entity 0 000 | what is  ",
        "00000020 03 n 02 animal 0 beast 0 001 @ 00000010 n 0000 | it lives  ",
        "00000030 05 n 01 rodent 0 001 @ 00000020 n 0000 | it gnaws  ",
        "00000040 05 n 01 mouse 0 001 @ 00000030 n 0000 | a small rodent  ",
        "00000050 06 n 02 mouse 1 computer_mouse 0 001 @ 00000010 n 0000 | it points  ",
        "00000060 17 n 01 Mouse_River 0 001 @i 00000010 n 0000 | a river  ",
        "00000070 12 n 01 fear 0 001 @ 00000010 n 0000 | a feeling  ",
        "00000080 04 n 01 running 0 001 @ 00000010 n 0000 | an act  ",
        "00000090 20 n 01 fig 0 001 @ 00000010 n 0000 | a tree  ",
        "00000100 13 n 01 fig 1 001 @ 00000010 n 0000 | a fruit  ",
        "00000110 07 n 01 color 0 001 @ 00000010 n 0000 | how it looks  ",
        "00000120 07 n 01 blue 0 001 @ 00000110 n 0000 | a color  ",
        "00000130 06 n 01 blue 1 001 @ 00000010 n 0000 | blue clothing  ",
        "00000140 04 n 01 trap 0 001 @ 00000010 n 0000 | an act  ",
        "00000150 06 n 01 trap 1 001 @ 00000010 n 0000 | it catches mice  ",
        "00000160 18 n 01 vermin 0 001 @ 00000010 n 0000 | (ethnic slur)  ",
    )
)
INDEX = LICENCE + "".join(
    f"{lemma} n {len(offsets)} 1 @ {len(offsets)} 0 {' '.join(offsets)}  \n"
    for lemma, *offsets in (
        ("animal", "00000020"),
        ("blue", "00000120", "00000130"),
        ("computer_mouse", "00000050"),
        ("fear", "00000070"),
        ("fig", "00000090", "00000100"),
        ("mouse", "00000040", "00000050"),
        ("mouse_river", "00000060"),
        ("running", "00000080"),
        ("trap", "00000140", "00000150"),
        ("vermin", "00000160"),
    )
)


@pytest.fixture
def wordnet(tmp_path) -> Path:
    (tmp_path / "data.noun").write_text(DATA)
    (tmp_path / "index.noun").write_text(INDEX)
    (tmp_path / "noun.exc").write_text("mice mouse\nmouse_rivers mouse_river\n")
    return tmp_path


@pytest.fixture(scope="module")
def shipped() -> Thesaurus:
    return Thesaurus(resources_dir() / "starter" / FILE_NAME)


CLASSES = ["n00000050", "n00000100"]
"""The computer mouse and the fruit."""


def built(folder: Path, everyday=None, called=()) -> bytes:
    return build_table(folder, CLASSES, everyday or {}, called)


def built_thesaurus(folder: Path, everyday=None, called=()) -> Thesaurus:
    path = folder / FILE_NAME
    path.write_bytes(built(folder, everyday, called))
    return Thesaurus(path)


@pytest.mark.parametrize(
    ("query", "synonym"),
    [
        ("a red umbrella on a beach", "umbrella"),
        ("umbrellas", "umbrella"),
        ("two kids", "child"),
        ("the woman who sits", "woman"),
        ("three women", "woman"),
        ("cell phones", "mobile phone"),
        ("a glass of wine", "drinking glass"),
        ("wine glasses", "wineglass"),
        ("traffic lights", "stoplight"),
        ("hot dog", "red hot"),
        ("a dog running", "domestic dog"),
        ("cars parked in a row", "automobile"),
        ("man riding a horse", "adult male"),
        ("a pair of shoes", "shoe"),
        ("a group of people", "person"),
        ("chest of drawers", "dresser"),
        ("a bird of prey in the sky", "raptor"),
        ("cup left of the plate", "cup"),
        ("on the beach", "beach"),
        ("ice-cream", "ice cream"),
        ("knives", "knife"),
        ("mice", "mouse"),
        ("potatoes", "potato"),
        ("the dog's bowl", "bowl"),
        ("bananas", "banana"),
        ("bike", "bicycle"),
        ("motorbike", "motorcycle"),
        ("telly", "television set"),
        ("smartphone", "cellphone"),
        ("brolly", "umbrella"),
        ("settee", "settee"),
        ("stuffed toy", "teddy bear"),
        ("  PUPPY!", "puppy"),
    ],
)
def test_the_head_noun_of_a_query_is_found(shipped, query, synonym):
    assert synonym in shipped.look_up(query).synonyms


@pytest.mark.parametrize(
    "query",
    ["", "  ", "12", "a", "of", "on the", "asdfgh", "something nice", "running", "blue", "ß"],
)
def test_a_query_without_a_known_noun_has_no_meaning(shipped, query):
    assert shipped.look_up(query) is None


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("puppy", "dog"),
        ("lorry", "truck"),
        ("settee", "couch sofa"),
        ("kid", "person"),
        ("plants", "plant flora"),
        ("crane", "lifting device"),
        ("pineapple", "edible fruit"),
        ("microwave", "kitchen appliance"),
        ("tiger", "big cat"),
    ],
)
def test_everyday_meanings_come_first(shipped, query, kind):
    meaning = shipped.look_up(query)
    assert {kind, *kind.split()} & {*meaning.synonyms, *meaning.kinds}


def test_kinds_are_listed_nearest_first_without_the_most_general(wordnet):
    meaning = built_thesaurus(wordnet).look_up("a mouse")
    assert meaning.synonyms == ("mouse",)
    assert meaning.kinds == ("rodent", "animal")


def test_irregular_plurals_are_those_of_wordnet(wordnet):
    thesaurus = built_thesaurus(wordnet)
    assert thesaurus.look_up("mice") == thesaurus.look_up("mouse")


def test_particular_things_feelings_colours_and_slurs_are_left_out(wordnet):
    thesaurus = built_thesaurus(wordnet)
    assert [thesaurus.look_up(w) for w in ("mouse river", "fear", "blue", "vermin")] == [None] * 4


def test_visible_meanings_come_before_activities(wordnet):
    thesaurus = built_thesaurus(wordnet, {"device": "trap#2"})
    assert thesaurus.look_up("trap") == thesaurus.look_up("device")


def test_an_edible_plant_is_food(wordnet):
    thesaurus = built_thesaurus(wordnet, {"fruit": "fig#2", "tree": "fig#1"})
    assert thesaurus.look_up("fig") == thesaurus.look_up("fruit")


def test_an_everyday_meaning_replaces_that_of_wordnet(wordnet):
    meaning = built_thesaurus(wordnet, {"mouse": "mouse#2"}).look_up("mouse")
    assert meaning.synonyms == ("mouse", "computer mouse")


def test_an_everyday_meaning_that_wordnet_lacks_is_refused(wordnet):
    with pytest.raises(ValueError, match="mouse#9"):
        built(wordnet, {"mouse": "mouse#9"})
    with pytest.raises(ValueError, match="fig#7"):
        built(wordnet, called=[("mouse#1", "fig#7")])


def test_what_people_call_a_thing_comes_first(wordnet):
    called = [("trap", "fig#2")]
    assert built_thesaurus(wordnet, called=called).look_up("trap").kinds == ("fig",)


def test_a_circle_of_kinds_is_refused(wordnet):
    with pytest.raises(ValueError, match="mouse is a kind of animal"):
        built(wordnet, called=[("animal", "mouse")])


def test_further_meanings_of_the_same_sort_follow_the_usual_one(wordnet):
    thesaurus = built_thesaurus(wordnet, {"mouse": "mouse#2"})
    assert len(thesaurus.meaning_ids("mouse")) == 1, "a rodent is another sort of thing"
    data = (wordnet / "data.noun").read_text().replace("00000040 05 n", "00000040 06 n")
    (wordnet / "data.noun").write_text(data)
    thesaurus = built_thesaurus(wordnet, {"mouse": "mouse#2"})
    meanings = [thesaurus.words(meaning) for meaning in thesaurus.meaning_ids("mouse")]
    assert meanings == [("mouse", "computer mouse"), ("mouse",)]


def test_classes_have_their_own_meaning_though_no_noun_does(wordnet):
    thesaurus = built_thesaurus(wordnet)
    words = [thesaurus.words(meaning) for meaning in thesaurus.class_meanings]
    assert words == [("mouse", "computer mouse"), ("fig",)]


def test_the_file_is_deterministic(wordnet):
    assert built(wordnet) == built(wordnet)


def test_missing_and_damaged_files_are_told_apart(tmp_path, wordnet):
    path = tmp_path / FILE_NAME
    with pytest.raises(ModelMissing):
        Thesaurus(path).look_up("dog")
    content = built(wordnet)
    for damaged in (b"", b"not gzip", content[:-20], content[:40] + b"?" + content[41:]):
        path.write_bytes(damaged)
        with pytest.raises(ModelBroken) as broken:
            Thesaurus(path).look_up("dog")
        assert broken.value.path == path
