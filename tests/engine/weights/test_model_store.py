"""Installed models are complete and checked, or not installed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.errors import BadRequest, Cancelled, EngineError, ModelBroken, ModelMissing
from engine.jobs.cancel import CancelToken
from engine.weights import catalogue
from engine.weights.catalogue import ROLES, Catalogue, CatalogueEntry, ModelFile
from engine.weights.model_store import RECORD, ModelStore

from .test_download import CONTENT, DIGEST, weights_file

OTHER = weights_file(1000, seed=4)


def entry(name: str = "toy", **changes) -> CatalogueEntry:
    page = "https://example.org"
    first = ModelFile("a.safetensors", "safetensors", len(CONTENT), DIGEST, url=page)
    second = ModelFile("b.safetensors", "safetensors", page=page)
    fields = {"files": (first, second)} | changes
    return CatalogueEntry(name, "Toy", "masks", "MIT", "Free.", page, **fields)


@pytest.fixture
def model_store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models", Catalogue((entry(), entry("other"))))


@pytest.fixture
def given(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    (folder / "A.safetensors").write_bytes(CONTENT)
    (folder / "b.safetensors").write_bytes(OTHER)
    (folder / "notes.txt").write_text("no model")
    return folder


def import_given(model_store: ModelStore, given: Path):
    return model_store.import_files("toy", [given], CancelToken())


def test_a_folder_is_imported_and_its_files_stay_where_they_were(model_store, given):
    model = import_given(model_store, given)
    assert [model.entry.name for model in model_store.installed()] == ["toy"]
    first, second = model.files["a.safetensors"], model.files["b.safetensors"]
    assert first.path.read_bytes() == CONTENT and first.published
    assert second.path.read_bytes() == OTHER and not second.published
    assert (given / "A.safetensors").read_bytes() == CONTENT
    assert model_store.find("other") is None


def test_files_may_be_imported_one_after_the_other(model_store, given):
    with pytest.raises(ModelMissing, match=r"b\.safetensors is missing"):
        model_store.import_files("toy", [given / "A.safetensors"], CancelToken())
    assert model_store.installed() == []
    assert model_store.import_files("toy", [given / "b.safetensors"], CancelToken())


def test_a_broken_file_is_refused_and_the_installed_model_stays(model_store, given):
    before = import_given(model_store, given)
    (given / "A.safetensors").write_bytes(CONTENT[:-1] + b"?")
    with pytest.raises(ModelBroken, match="SHA-256"):
        import_given(model_store, given)
    assert model_store.find("toy").files == before.files
    assert model_store.verify("toy", CancelToken())


def test_other_files_are_refused_before_they_are_copied(model_store, given):
    (given / "b.safetensors").write_bytes(b"\x80\x04\x95 a pickle, say")
    with pytest.raises(ModelBroken):
        import_given(model_store, given)
    assert model_store.installed() == []
    assert not (model_store.staging("toy") / "b.safetensors").exists()


def test_a_new_version_replaces_the_old_one(model_store, given):
    import_given(model_store, given)
    newer = weights_file(2000, seed=8)
    (given / "b.safetensors").write_bytes(newer)
    assert import_given(model_store, given).files["b.safetensors"].path.read_bytes() == newer
    assert sorted(p.name for p in model_store.root.iterdir() if not p.name.startswith(".")) == [
        "toy"
    ]


def test_changed_and_lost_files_are_detected(model_store, given):
    model = import_given(model_store, given)
    path = model.files["b.safetensors"].path
    path.write_bytes(weights_file(1000, seed=5))
    assert model_store.find("toy") is not None
    with pytest.raises(ModelBroken):
        model_store.verify("toy", CancelToken())
    path.unlink()
    assert model_store.find("toy") is None
    with pytest.raises(ModelMissing, match="Toy is not installed") as caught:
        model_store.require("toy")
    assert "import its files" in caught.value.hint


def test_a_folder_without_its_record_is_no_model(model_store, given):
    model = import_given(model_store, given)
    (model.folder / RECORD).unlink()
    assert model_store.installed() == []
    (model.folder / RECORD).write_text(json.dumps({"files": 3}))
    assert model_store.installed() == []


def test_removing_returns_the_freed_bytes(model_store, given):
    import_given(model_store, given)
    assert model_store.remove("toy") >= len(CONTENT) + len(OTHER)
    assert model_store.installed() == [] and model_store.remove("toy") == 0
    with pytest.raises(BadRequest, match="no model called nothing"):
        model_store.remove("nothing")


def test_a_cancelled_import_leaves_nothing_installed(model_store, given):
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        model_store.import_files("toy", [given], cancel)
    assert model_store.installed() == [] and import_given(model_store, given)


def test_files_of_another_model_are_an_error(model_store, given):
    with pytest.raises(BadRequest, match="None of these"):
        model_store.import_files("toy", [given / "notes.txt"], CancelToken())
    with pytest.raises(BadRequest, match="no such file"):
        model_store.import_files("toy", [given / "c.safetensors"], CancelToken())


def test_the_only_file_of_a_model_may_have_any_name(tmp_path, given):
    single = entry(files=(ModelFile("m.safetensors", "safetensors", url="https://example.org"),))
    model_store = ModelStore(tmp_path / "models", Catalogue((single,)))
    assert model_store.import_files("toy", [given / "b.safetensors"], CancelToken())


def test_the_shipped_catalogue_is_valid_and_states_what_each_licence_asks():
    entries = catalogue.shipped().entries
    assert {item.role for item in entries} <= set(ROLES)
    for item in entries:
        if item.name.startswith("alpha-clip"):
            assert "research" in item.terms and "not for commercial" in item.terms
        for file in item.files:
            if file.url and "openaipublic" in file.url:
                assert f"/{file.sha256}/" in file.url


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"role": "nonsense"}, "no role"),
        ({"name": "../evil"}, "is no name"),
        ({"files": [{"name": "../x", "format": "gguf", "url": "https://e.org"}]}, "no file name"),
        ({"files": [{"name": "x", "format": "zip", "url": "https://e.org"}]}, "no format"),
        ({"files": [{"name": "x", "format": "gguf", "url": "http://e.org"}]}, "not https"),
        ({"files": [{"name": "x", "format": "gguf"}]}, "nowhere"),
        ({"terms": ""}, "missing"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_an_invalid_catalogue_is_an_error_about_its_entry(tmp_path, change, message):
    text = Path(catalogue.resources_dir() / "models" / "catalogue.json").read_text("utf-8")
    content = json.loads(text)
    content["models"][0] |= change
    path = tmp_path / "catalogue.json"
    path.write_text(json.dumps(content), "utf-8")
    with pytest.raises(EngineError, match=message):
        catalogue.load(path)
