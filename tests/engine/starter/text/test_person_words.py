"""Which queries ask for people."""

import pytest

from engine.profiles.starter import shipped_folder
from engine.starter.text.person_words import asks_for_people
from engine.starter.text.thesaurus import FILE_NAME, Thesaurus


@pytest.fixture(scope="module")
def thesaurus():
    return Thesaurus(shipped_folder() / FILE_NAME)


@pytest.mark.parametrize(
    "query",
    [
        *("person", "people", "a man", "two men", "women", "children", "little girl", "baby"),
        *("tennis players", "a skier on a slope", "bride and groom", "firefighter", "grandmother"),
        *("face", "portrait", "portrait of a woman", "selfie", "group of people", "crowd"),
        *("woman with a red umbrella", "the man in the middle", "bus driver"),
    ],
)
def test_people(thesaurus, query):
    assert asks_for_people(query, thesaurus)


@pytest.mark.parametrize(
    "query",
    [
        *("", "red", "dog", "cat", "umbrella", "statue", "statue of a man", "doll", "snowman"),
        *("dog with a man", "baby elephant", "portrait of a dog", "face of a clock", "mannequin"),
        *("children's book", "screwdriver", "killer whale", "scorpion", "painting of a girl"),
        *("ottoman", "pitcher plant", "pirate ship", "zzyzx"),
    ],
)
def test_other_things(thesaurus, query):
    assert not asks_for_people(query, thesaurus)
