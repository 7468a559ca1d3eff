"""The models of this computer through the facade: list, download, import, verify, remove."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import BadRequest, Cancelled, ModelBroken
from engine.jobs import JobState
from engine.library import Library
from engine.records import ModelInfo
from tests.fakes import colour_models, gguf_files, model_server
from tests.fakes.model_server import CONTENT, FILE, NAME, Mirror

WAIT_S = 60


@pytest.fixture
def models_dir(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture(autouse=True)
def mirror(models_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    with model_server.running(models_dir, monkeypatch) as mirror:
        yield mirror


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "library", profile=colour_models.profile()) as opened:
        yield opened


def model(library: Library, name: str = NAME) -> ModelInfo:
    return next(info for info in library.model_files.all() if info.name == name)


def test_the_list_says_what_can_be_had(library: Library):
    toy = model(library)
    assert (toy.installed, toy.downloadable, toy.in_use) == (False, True, False)
    assert (toy.size_bytes, toy.licence, toy.does) == (len(CONTENT), "MIT", "finds things")
    assert [info.recommended for info in library.model_files.all()].count(True) == 1


def test_the_computer_is_described(library: Library, models_dir: Path):
    computer = library.model_files.computer()
    assert computer.memory_bytes > 0 and computer.cores >= 1 and computer.free_bytes > 0
    assert computer.models_dir == models_dir


def test_a_download_reports_bytes_and_installs(library: Library, models_dir: Path):
    job = library.model_files.download(NAME)
    job.result(WAIT_S)
    assert (job.progress.done, job.progress.total) == (len(CONTENT), len(CONTENT))
    assert model(library).folder == models_dir / NAME
    assert (models_dir / NAME / FILE).read_bytes() == CONTENT


def test_a_cancelled_download_keeps_what_it_has_and_goes_on_there(library: Library, mirror: Mirror):
    mirror.proceed.clear()
    job = library.model_files.download(NAME)
    assert mirror.half_sent.wait(WAIT_S)
    job.cancel()
    mirror.proceed.set()
    with pytest.raises(Cancelled):
        job.result(WAIT_S)
    stopped = model(library)
    assert not stopped.installed and 0 < stopped.received_bytes < 2 * len(CONTENT)
    library.model_files.download(NAME).result(WAIT_S)
    assert model(library).installed and model(library).received_bytes == 0


def test_a_file_is_imported_under_the_model_whose_name_it_has(library: Library, tmp_path: Path):
    (tmp_path / FILE).write_bytes(CONTENT)
    assert library.model_files.import_files([tmp_path / FILE]).result(WAIT_S) == NAME
    assert model(library).installed and (tmp_path / FILE).is_file()


def test_two_gguf_files_become_a_model_named_after_its_file(library: Library, tmp_path: Path):
    files = [
        gguf_files.vision(tmp_path / "given" / "part.gguf"),
        gguf_files.language(tmp_path / "given" / "My tiny (Q4).gguf"),
    ]
    name = library.model_files.import_files(files).result(WAIT_S)
    again = library.model_files.import_files([tmp_path / "given"]).result(WAIT_S)
    # The second time, the files have the names of the files of the first model.
    assert name == again == "My-tiny-Q4"
    assert model(library, name).custom and model(library, name).role == "second-look"


@pytest.mark.parametrize("names", [["photo.jpg"], ["a.gguf"]])
def test_files_of_no_model_are_refused(library: Library, tmp_path: Path, names: list[str]):
    for name in names:
        (tmp_path / name).write_bytes(b"GGUF" if name.endswith("gguf") else b"no model")
    job = library.model_files.import_files([tmp_path / name for name in names])
    with pytest.raises(BadRequest, match="not the files of a model"):
        job.result(WAIT_S)


def test_verifying_finds_a_changed_byte(library: Library, models_dir: Path):
    library.model_files.download(NAME).result(WAIT_S)
    library.model_files.verify(NAME).result(WAIT_S)
    content = bytearray(CONTENT)
    content[-1] ^= 1
    (models_dir / NAME / FILE).write_bytes(content)
    with pytest.raises(ModelBroken):
        library.model_files.verify(NAME).result(WAIT_S)


def test_removing_frees_the_room_and_takes_a_model_of_ones_own_off_the_list(
    library: Library, tmp_path: Path, models_dir: Path
):
    library.model_files.download(NAME).result(WAIT_S)
    assert library.model_files.remove(NAME).result(WAIT_S) >= len(CONTENT)
    assert not model(library).installed and not (models_dir / NAME).exists()
    gguf_files.language(tmp_path / "given" / "own.gguf")
    gguf_files.vision(tmp_path / "given" / "part.gguf")
    library.model_files.import_files([tmp_path / "given"], "own").result(WAIT_S)
    assert model(library, "own").installed
    library.model_files.remove("own").result(WAIT_S)
    assert "own" not in {info.name for info in library.model_files.all()}


def test_closing_the_library_ends_a_download(tmp_path: Path, mirror: Mirror):
    mirror.proceed.clear()
    library = Library.open(tmp_path / "other", profile=colour_models.profile())
    job = library.model_files.download(NAME)
    assert mirror.half_sent.wait(WAIT_S)
    mirror.proceed.set()
    library.close()
    assert job.state in (JobState.CANCELLED, JobState.SUCCEEDED)


def test_profiles_are_listed_with_what_they_lack(library: Library):
    found = {info.name: info for info in library.models.available()}
    assert found["starter"].problem == ""
    assert "not installed" in found["full"].problem and found["full"].hint
    assert not any(info.answering or info.next for info in found.values())
