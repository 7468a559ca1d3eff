"""Which model takes the second look: the right one of those installed, and never a wrong pair."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from engine.errors import BadRequest, ModelBroken, ModelMissing
from engine.jobs import machine
from engine.jobs.cancel import CancelToken
from engine.reranking import model_selection
from engine.reranking.model_families import OTHER, QWEN2_VL, QWEN3_VL, QWEN25_VL, family_of_pair
from engine.weights import catalogue
from engine.weights.catalogue import Catalogue, CatalogueEntry, ModelFile
from engine.weights.model_store import ModelStore
from tests.fakes import gguf_files

PAGE = "https://example.org"


def entry(name: str, memory_bytes: int = 0, role: str = "second-look") -> CatalogueEntry:
    files = tuple(
        ModelFile(file, "gguf", url=f"{PAGE}/{name}/{file}")
        for file in (f"{name}.gguf", f"mmproj-{name}.gguf")
    )
    return CatalogueEntry(name, name.title(), role, "MIT", "Free.", PAGE, files, memory_bytes)


@pytest.fixture
def model_store(tmp_path: Path) -> ModelStore:
    """Three models that need 3, 5 and 9 GB, and one that is for something else."""
    entries = (
        entry("small", 3_000_000_000),
        entry("middle", 5_000_000_000),
        entry("large", 9_000_000_000),
        entry("masks", 1, "masks"),
    )
    return ModelStore(tmp_path / "models", Catalogue(entries))


def install(model_store: ModelStore, name: str, language: tuple = (), vision: tuple = (), **widths):
    folder = model_store.root.parent / "given" / name
    gguf_files.language(folder / f"{name}.gguf", *language, seed=len(name))
    gguf_files.vision(folder / f"mmproj-{name}.gguf", *vision, **widths)
    return model_store.import_files(name, [folder], CancelToken())


def test_a_model_is_identified_by_its_files(model_store):
    install(model_store, "small")
    found = model_selection.choose(model_store, "small")
    assert (found.name, found.title, found.family) == ("small", "Small", QWEN3_VL)
    assert found.language_file.name == "small.gguf" and found.folder == model_store.root / "small"
    assert found.vision_file.name == "mmproj-small.gguf" and found.gives_boxes
    assert found.memory_bytes == 3_000_000_000
    assert pickle.loads(pickle.dumps(found)) == found
    again = model_selection.choose(ModelStore(model_store.root, model_store.catalogue))
    assert again.key == found.key and len(found.key) == 16
    install(model_store, "middle")
    assert model_selection.choose(model_store, "middle").key != found.key


@pytest.mark.parametrize(
    ("memory_gb", "chosen"), [(4, "small"), (5.1, "small"), (9, "middle"), (15.1, "large")]
)
def test_the_largest_that_fits_is_chosen(model_store, memory_gb: float, chosen: str):
    for name in ("large", "small", "middle"):
        install(model_store, name)
    assert model_selection.choose(model_store, memory_bytes=round(memory_gb * 1e9)).name == chosen


def test_a_name_overrules_the_memory(model_store):
    install(model_store, "small")
    install(model_store, "large")
    assert model_selection.choose(model_store, "large", memory_bytes=1).name == "large"


def test_without_an_estimate_the_files_count(tmp_path):
    model_store = ModelStore(tmp_path / "models", Catalogue((entry("toy"),)))
    size = sum(file.size_bytes for file in install(model_store, "toy").files.values())
    assert model_selection.choose(model_store).memory_bytes == round(1.2 * size)


def test_the_memory_of_the_machine_is_the_default(model_store):
    install(model_store, "small")
    assert machine.memory_bytes() > 1e8
    assert model_selection.choose(model_store).name == "small"


def test_without_an_installed_model_the_hint_names_one_to_download(model_store):
    with pytest.raises(ModelMissing, match="No language model") as caught:
        model_selection.choose(model_store, memory_bytes=9_000_000_000)
    assert "Middle" in caught.value.hint
    with pytest.raises(ModelMissing, match="Large is not installed"):
        model_selection.choose(model_store, "large")
    empty = ModelStore(model_store.root, Catalogue((entry("masks", 1, "masks"),)))
    with pytest.raises(ModelMissing) as caught:
        model_selection.choose(empty)
    assert "Import one of your own" in caught.value.hint


def test_a_model_for_something_else_is_refused(model_store):
    with pytest.raises(BadRequest, match="no model for the second look"):
        model_selection.choose(model_store, "masks")
    with pytest.raises(BadRequest, match="no model called"):
        model_selection.choose(model_store, "nothing")


def test_a_broken_model_is_skipped_unless_it_is_named_or_alone(model_store):
    install(model_store, "large", vision=("qwen2.5vl_merger",))
    with pytest.raises(ModelBroken, match="another model"):
        model_selection.choose(model_store, memory_bytes=10**11)
    install(model_store, "small")
    assert model_selection.choose(model_store, memory_bytes=10**11).name == "small"
    assert [model.name for model in model_selection.installed(model_store)] == ["small"]
    with pytest.raises(ModelBroken):
        model_selection.choose(model_store, "large")


@pytest.mark.parametrize(
    ("architecture", "projector", "family"),
    [
        ("qwen2vl", "qwen2.5vl_merger", QWEN25_VL),
        ("qwen2vl", "qwen2vl_merger", QWEN2_VL),
        ("qwen3vl", "qwen3vl_merger", QWEN3_VL),
        ("qwen3vlmoe", "qwen3vl_merger", QWEN3_VL),
        ("gemma3", "gemma3", OTHER),
        ("llama", "idefics3", OTHER),
        ("qwen35", "qwen3vl_merger", OTHER),
    ],
)
def test_families_are_recognised_by_both_files(tmp_path, architecture, projector, family):
    language = gguf_files.language(tmp_path / "l.gguf", architecture)
    assert family_of_pair(language, gguf_files.vision(tmp_path / "v.gguf", projector)) is family


@pytest.mark.parametrize("stated", [64, 256])
def test_deepstack_layers_may_be_counted_in_or_not(tmp_path, stated):
    language = gguf_files.language(tmp_path / "l.gguf", deepstack=3)
    vision = gguf_files.vision(tmp_path / "v.gguf", width=stated)
    assert family_of_pair(language, vision) is QWEN3_VL


@pytest.mark.parametrize(
    ("language", "vision", "message"),
    [
        (("qwen2vl",), ("qwen3vl_merger",), "belongs to another model"),
        (("qwen3vl",), ("qwen2.5vl_merger",), "belongs to another model"),
        (("qwen3vl",), ("gemma3",), "belongs to another model"),
        (("qwen3vl",), (None,), "does not say its clip"),
    ],
)
def test_a_vision_part_of_another_model_is_refused(tmp_path, language, vision, message):
    first = gguf_files.language(tmp_path / "l.gguf", *language)
    second = gguf_files.vision(tmp_path / "v.gguf", *vision)
    with pytest.raises(ModelBroken, match=message):
        family_of_pair(first, second)


@pytest.mark.parametrize(
    ("width", "given", "message"),
    [(64, 128, "larger or smaller"), (None, 64, "embedding_length"), (64, None, "projection_dim")],
)
def test_a_vision_part_of_another_size_is_refused(tmp_path, width, given, message):
    language = gguf_files.language(tmp_path / "l.gguf", width=width)
    vision = gguf_files.vision(tmp_path / "v.gguf", width=given)
    with pytest.raises(ModelBroken, match=message):
        family_of_pair(language, vision)


def test_swapped_files_and_two_files_of_one_kind_are_refused(tmp_path):
    language = gguf_files.language(tmp_path / "l.gguf")
    vision = gguf_files.vision(tmp_path / "v.gguf")
    with pytest.raises(ModelBroken, match=r"swapped: v\.gguf is the vision part"):
        family_of_pair(vision, language)
    with pytest.raises(ModelBroken, match="Both files are vision parts"):
        family_of_pair(vision, vision)
    with pytest.raises(ModelBroken, match="Both files are language models"):
        family_of_pair(language, language)


def test_the_shipped_models_are_pairs_in_order_and_sized():
    found = [model for model in catalogue.shipped().entries if model.role == model_selection.ROLE]
    assert len(found) >= 5
    for model in found:
        language, vision = model.files
        assert "mmproj" in vision.name and "mmproj" not in language.name
        assert model.memory_bytes > model.size_bytes
        # Both are of one publisher's repository.
        assert language.url.rpartition("/")[0] == vision.url.rpartition("/")[0]
    assert found == sorted(found, key=lambda model: model.memory_bytes)


@pytest.mark.parametrize(
    ("memory_gb", "card", "named"),
    [
        (2, True, "qwen3-vl-2b"),
        (2, False, "qwen3-vl-2b"),
        (8.2, True, "qwen3-vl-4b"),
        (8.2, False, "qwen3-vl-4b"),
        (16, True, "qwen3-vl-8b"),
        (64, False, "qwen3-vl-4b"),
    ],
)
def test_what_is_recommended_fits_the_machine(memory_gb: float, card: bool, named: str):
    found = model_selection.recommended(catalogue.shipped(), round(memory_gb * 1e9), card)
    assert found is not None and found.name == named


def test_only_what_can_be_downloaded_is_recommended(model_store):
    by_hand = ModelFile("x.gguf", "gguf", page=PAGE)
    own = CatalogueEntry("own", "Own", "second-look", "MIT", "Free.", PAGE, (by_hand, by_hand))
    assert model_selection.recommended(Catalogue((own,)), 10**11, False) is None
    assert (
        model_selection.recommended(Catalogue((own, entry("small"))), 10**11, True).name == "small"
    )
