"""Other names of a known thing come near it; what is known as it is stays where it was."""

import numpy as np
import pytest

from engine.errors import ModelBroken, ModelMissing
from engine.profiles.starter import shipped_folder
from engine.starter.text import class_names, noun_vectors, text_map, thesaurus
from engine.starter.text.query_meaning import FITTED_NAMES, QueryMeaning, read_fitted_names
from engine.starter.text.text_encoder import SentenceEncoder
from engine.starter.text.text_map import TextMap, phrasings

FOLDER = shipped_folder()


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    return SentenceEncoder()


@pytest.fixture(scope="module")
def mapping() -> TextMap:
    return TextMap.load(FOLDER / text_map.FILE_NAME)


@pytest.fixture(scope="module")
def meaning(encoder, mapping) -> QueryMeaning:
    return QueryMeaning(
        encoder,
        mapping,
        thesaurus.Thesaurus(FOLDER / thesaurus.FILE_NAME),
        noun_vectors.NounVectors(FOLDER / noun_vectors.FILE_NAME),
        read_fitted_names(FOLDER / FITTED_NAMES, 80),
        class_names.read_class_names(FOLDER / class_names.FILE_NAME),
    )


def similarity(meaning, one: str, other: str) -> float:
    a, b = meaning.query_vectors([one, other])[0]
    return float(a @ b)


def test_fitted_names_keep_their_fitted_vectors(meaning, encoder, mapping):
    names = read_fitted_names(FOLDER / FITTED_NAMES, 80)
    sentences = encoder.encode(phrasings(names)).reshape(80, 2, -1)
    np.testing.assert_allclose(
        meaning.query_vectors(names)[0], mapping.query_vectors(sentences), atol=2e-3
    )


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("automobile", "car"),
        ("sofa", "couch"),
        ("telly", "tv"),
        ("television", "tv"),
        ("bike", "bicycle"),
        ("people", "person"),
        ("two dogs", "dog"),
        ("stop signs", "stop sign"),
        ("fireplug", "fire hydrant"),
    ],
)
def test_a_synonym_of_a_known_name_has_its_vector(meaning, word, name):
    assert similarity(meaning, word, name) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("puppy", "dog"),
        ("kid", "person"),
        ("woman", "person"),
        ("lorry", "truck"),
        ("foal", "horse"),
    ],
)
def test_a_kind_of_a_known_name_is_near_it_but_not_equal(meaning, word, kind):
    assert 0.8 < similarity(meaning, word, kind) < 0.999


def test_kinds_of_one_name_differ_by_their_own_words(meaning, encoder):
    man, woman = meaning.query_vectors(["man", "woman"])[0]
    words_man, words_woman = encoder.encode(["a photo of a man", "a photo of a woman"])
    between = words_man - words_woman
    assert (man - woman) @ between > 0.1 * np.linalg.norm(man - woman) * np.linalg.norm(between)
    assert 0.05 < np.linalg.norm(man - woman) < 0.5


def test_words_beside_the_name_count(meaning):
    assert 0.6 < similarity(meaning, "a wooden chair in the garden", "chair") < 0.99


def test_an_imagenet_class_has_its_own_vector_not_that_of_its_kind(meaning, mapping):
    classes = class_names.read_class_names(FOLDER / class_names.FILE_NAME)
    number = next(n for n, c in enumerate(classes) if c.synonyms[0] == "beagle")
    beagle = mapping.class_vectors[number] / np.linalg.norm(mapping.class_vectors[number])
    (vector,) = meaning.query_vectors(["a beagle"])[0]
    assert vector @ beagle == pytest.approx(1, abs=1e-4)
    assert similarity(meaning, "beagle", "dog") < 0.9


def test_a_query_without_a_known_noun_is_embedded_by_its_words_alone(meaning, encoder, mapping):
    text = "something nice"
    expected = mapping.query_vectors(encoder.encode(phrasings([text]))[None])
    np.testing.assert_allclose(meaning.query_vectors([text])[0], expected, atol=1e-5)


def test_a_batch_equals_one_by_one(meaning):
    texts = ["puppy", "", "beagle", "a red kid", "animal", "cat"]
    alone = np.concatenate([meaning.query_vectors([text])[0] for text in texts])
    np.testing.assert_allclose(meaning.query_vectors(texts)[0], alone, atol=1e-5)
    assert meaning.query_vectors([])[0].shape[0] == 0


def test_missing_and_damaged_names_are_told_apart(tmp_path):
    path = tmp_path / FITTED_NAMES
    with pytest.raises(ModelMissing):
        read_fitted_names(path, 2)
    for damaged in (b"\xff\xfe\xff", b"cat\n"):
        path.write_bytes(damaged)
        with pytest.raises(ModelBroken):
            read_fitted_names(path, 2)
    path.write_text("cat\ndog\n")
    assert read_fitted_names(path, 2) == ["cat", "dog"]


@pytest.mark.parametrize(
    ("word", "kind", "other"),
    [
        ("parrot", "macaw", "goose"),
        ("mug", "cup", "vase"),
        ("chicken", "hen", "goose"),
        ("helmet", "crash helmet", "shield"),
        ("beach", "seashore", "castle"),
    ],
)
def test_a_noun_is_nearer_to_kinds_of_it_than_to_others(meaning, word, kind, other):
    assert similarity(meaning, word, kind) > similarity(meaning, word, other) + 0.2


@pytest.mark.parametrize(
    ("word", "kinds"),
    [
        ("chicken", {"hen", "cock"}),
        ("cow", {"ox", "cow"}),
        ("lamp", {"table lamp", "lampshade"}),
        ("otter", {"otter"}),
    ],
)
def test_kinds_of_a_noun_are_known(meaning, word, kinds):
    found, _ = meaning.relatives(word)
    assert kinds <= {name for name, is_kind in zip(meaning.names, found, strict=True) if is_kind}
