"""The shipped words: everyday things and qualities in seven languages, in any inflection."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.paths import resources_dir
from engine.query.vocabulary import Word, WordKind
from engine.words.lexicon import LANGUAGES, Lexicon

NAMES = Path(__file__).parents[2] / "data" / "everyday_names.tsv"


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon.load(resources_dir() / "words")


def english(lexicon: Lexicon, text: str, language: str) -> str | None:
    word = lexicon.look_up(text.split(" "), language)
    return None if word is None else word.english


def everyday_names() -> list[tuple[str, str, str]]:
    """Language, name in it, English noun."""
    head, *rows = (line.split("\t") for line in NAMES.read_text("utf-8").splitlines())
    return [
        (language, name, row[0])
        for row in rows
        for language, name in zip(head[1:], row[1:], strict=True)
    ]


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_everyday_things_are_known_by_their_names(lexicon: Lexicon, language: str):
    names = [(name, noun) for code, name, noun in everyday_names() if code == language]
    assert len(names) >= 60
    assert [(n, english(lexicon, n.lower(), language)) for n, _ in names] == names


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_accents_and_capitals_do_not_matter(lexicon: Lexicon, language: str):
    plain = str.maketrans("áàâãäçéèêëíïñóôöúü", "aaaaaceeeeiinooouu")
    names = [(name, noun) for code, name, noun in everyday_names() if code == language]
    # "Bar" is a German word of its own.
    names = [(name, noun) for name, noun in names if name != "Bär"]
    wrong = [
        (name, noun)
        for name, noun in names
        if english(lexicon, name.upper(), language) != noun
        or english(lexicon, name.lower().translate(plain), language) != noun
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("language", "text", "noun"),
    [
        *(("en", "dogs", "dog"), ("en", "children", "child"), ("en", "people", "person")),
        *(("en", "knives", "knife"), ("en", "wolves", "wolf"), ("en", "mice", "mouse")),
        *(("en", "leaves", "leaf"), ("en", "buses", "bus"), ("en", "glasses", "glasses")),
        *(("en", "teddy bears", "teddy bear"), ("en", "women", "woman")),
        *(("de", "hunde", "dog"), ("de", "hunden", "dog"), ("de", "bäume", "tree")),
        *(("de", "kühe", "cow"), ("de", "kuehe", "cow"), ("de", "häuser", "house")),
        *(("de", "katzen", "cat"), ("de", "äpfel", "apple"), ("de", "autos", "car")),
        *(("fr", "chiens", "dog"), ("fr", "chevaux", "horse"), ("fr", "gâteaux", "cake")),
        *(("fr", "oiseaux", "bird"), ("fr", "pommes de terre", "potato")),
        *(("es", "perros", "dog"), ("es", "luces", "light"), ("es", "camiones", "truck")),
        *(("es", "peces", "fish"), ("es", "paraguas", "umbrella"), ("es", "gatito", "kitten")),
        *(("it", "cani", "dog"), ("it", "uova", "egg"), ("it", "uccelli", "bird")),
        *(("it", "arance", "orange"), ("it", "laghi", "lake"), ("it", "uomini", "man")),
        *(("pt", "cães", "dog"), ("pt", "aviões", "airplane"), ("pt", "flores", "flower")),
        *(("pt", "animais", "animal"), ("pt", "homens", "man")),
        *(("nl", "honden", "dog"), ("nl", "bomen", "tree"), ("nl", "foto's", "photo")),
        *(("nl", "huizen", "house"), ("nl", "koeien", "cow"), ("nl", "boompje", "tree")),
    ],
)
def test_plurals_and_cases_give_the_singular(lexicon: Lexicon, language: str, text: str, noun: str):
    assert english(lexicon, text, language) == noun


@pytest.mark.parametrize(
    ("language", "texts", "adjective"),
    [
        ("en", ["red"], "red"),
        ("de", ["rot", "rote", "roter", "rotes", "roten"], "red"),
        ("de", ["groß", "gross", "großer", "grosse"], "big"),
        ("fr", ["rouge", "rouges"], "red"),
        ("fr", ["blanc", "blanche", "blancs", "blanches"], "white"),
        ("es", ["rojo", "roja", "rojos", "rojas"], "red"),
        ("it", ["rosso", "rossa", "rossi", "rosse"], "red"),
        ("it", ["bianchi", "bianche"], "white"),
        ("pt", ["vermelho", "vermelha", "vermelhos", "vermelhas"], "red"),
        ("nl", ["rood", "rode"], "red"),
        ("nl", ["wit", "witte"], "white"),
        ("de", ["aus holz", "hölzern"], "wooden"),
        ("fr", ["en bois"], "wooden"),
        ("es", ["de madera"], "wooden"),
        ("it", ["di legno"], "wooden"),
        ("pt", ["de madeira"], "wooden"),
        ("nl", ["houten"], "wooden"),
        ("fr", ["vieux", "vieille"], "old"),
        ("es", ["joven", "jóvenes"], "young"),
    ],
)
def test_adjectives_agree(lexicon: Lexicon, language: str, texts: list[str], adjective: str):
    found = {lexicon.look_up(text.split(" "), language) for text in texts}
    assert found == {Word(adjective, WordKind.ADJECTIVE)}


@pytest.mark.parametrize(
    ("language", "text", "word"),
    [
        ("en", "running", Word("run", WordKind.VERB)),
        ("en", "sleeps", Word("sleep", WordKind.VERB)),
        ("en", "painted", Word("painted", WordKind.ADJECTIVE)),
        ("de", "läuft", Word("run", WordKind.VERB)),
        ("fr", "mange", Word("eat", WordKind.VERB)),
        ("en", "beach", Word("beach", WordKind.SCENE)),
        ("de", "strand", Word("beach", WordKind.SCENE)),
        ("fr", "coucher de soleil", Word("sunset", WordKind.SCENE)),
        ("es", "cocina", Word("kitchen", WordKind.SCENE)),
        ("de", "stadtpark", Word("city park", WordKind.SCENE)),
    ],
)
def test_kinds(lexicon: Lexicon, language: str, text: str, word: Word):
    assert lexicon.look_up(text.split(" "), language) == word


@pytest.mark.parametrize(
    ("language", "text", "usual"),
    [
        *(("en", "gift", "gift"), ("de", "gift", "poison"), ("de", "maus", "mouse")),
        *(("de", "bank", "bench"), ("nl", "bank", "couch"), ("en", "bank", "bank")),
        *(("fr", "orange", "orange"), ("es", "naranja", "orange"), ("it", "arancia", "orange")),
        *(("it", "burro", "butter"), ("es", "burro", "donkey"), ("en", "chat", "chat")),
        *(("fr", "chat", "cat"), ("de", "boot", "boat"), ("en", "boot", "boot")),
        *(("en", "cat", "cat"), ("fr", "avocat", "avocado"), ("de", "see", "lake")),
    ],
)
def test_the_usual_meaning_in_the_language_wins(
    lexicon: Lexicon, language: str, text: str, usual: str
):
    assert english(lexicon, text, language) == usual


@pytest.mark.parametrize(
    ("sign", "noun"),
    [
        *(("🐈", "cat"), ("🐱", "cat"), ("🐶", "dog"), ("☂️", "umbrella"), ("❤️", "heart")),
        *(("👩🏽\u200d🦰", "woman"), ("🚴\u200d♀️", "bicycle"), ("👨\u200d🚒", "firefighter")),
        *(("👨\u200d👩\u200d👧", "family"), ("🍕", "pizza"), ("🦒", "giraffe"), ("🏖️", "beach")),
    ],
)
def test_emoji_mean_the_same_in_every_language(lexicon: Lexicon, sign: str, noun: str):
    assert {english(lexicon, sign, language) for language in LANGUAGES} == {noun}


@pytest.mark.parametrize(
    ("language", "compound", "noun"),
    [
        *(("de", "gartenstuhl", "garden chair"), ("de", "rotwein", "red wine")),
        *(("de", "kirschbaum", "cherry tree"), ("de", "hundekorb", "dog basket")),
        ("nl", "keukentafel", "kitchen table"),
        ("de", "hundeleine", "leash"),
    ],
)
def test_compounds_are_put_together(lexicon: Lexicon, language: str, compound: str, noun: str):
    assert english(lexicon, compound, language) == noun


@pytest.mark.parametrize("text", ["xyzzy", "asdfghjkl", "und", "кошка", "ねこ", "'", "🈶"])
def test_what_is_no_content_word_is_not_known(lexicon: Lexicon, text: str):
    assert {lexicon.look_up([text], language) for language in LANGUAGES} == {None}


@pytest.mark.parametrize(
    ("word", "languages"),
    [
        *(("chat", {"fr"}), ("cane", {"it"}), ("mare", {"it"}), ("katze", {"de"})),
        *(("boot", {"en", "de", "nl"}), ("gift", {"en", "de"}), ("bär", {"de"})),
        *(("happiness", {"en"}), ("gartenstuhl", {"de"}), ("xyzzy", set()), ("🐈", set())),
    ],
)
def test_languages_of_a_word(lexicon: Lexicon, word: str, languages: set[str]):
    assert lexicon.languages_of(word) == languages


@pytest.mark.parametrize(
    ("language", "name", "noun"),
    [
        *(("fr", "boussole", "compass"), ("es", "algodón", "cotton")),
        *(("it", "lampadario", "chandelier"), ("pt", "bússola", "compass")),
    ],
)
def test_names_of_less_usual_things_come_from_wordnets(
    lexicon: Lexicon, language: str, name: str, noun: str
):
    assert english(lexicon, name, language) == noun
