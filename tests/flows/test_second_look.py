"""The second look from the command line to the screen's partial results, with a real model
process, and everything that can go wrong with it: hits are never lost, and a note says why."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import resource
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from engine import cli, settings
from engine.commands.terminal.console import Console
from engine.jobs import JobState
from engine.library import Library
from engine.records import SearchRequest, SearchResult, Verdict
from engine.reranking import model_process
from engine.tiny_models import vision_language_model
from engine.tiny_models.vision_language_model import KINDS, TinyFiles
from tests.fakes import colour_models, synthetic_photos, tiny_models
from tests.fakes.tiny_models import needs_llama
from tests.flows.conftest import PATIENCE_S, wait_until

pytestmark = needs_llama
KIND = KINDS["qwen2.5-vl"]
COUNT = 5
SHARES = (0.02, 0.15, 0.4, 0.7, 0.95)


@pytest.fixture(autouse=True)
def models_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for models, for this process and its children."""
    folder = tmp_path / "models"
    monkeypatch.setenv("PICKOUT_MODELS", str(folder))
    monkeypatch.setenv("GGML_NO_BACKTRACE", "1")
    return folder


@dataclass
class Ran:
    status: int
    out: str
    err: str


def run(*argv: object, profile=None) -> Ran:
    """One command as typed, with models made of colours for stage one."""
    out, err = io.StringIO(), io.StringIO()
    profile = profile or colour_models.profile(calibrated=False)
    status = cli.run([str(a) for a in argv], profile=profile, console=Console(out, err))
    return Ran(status, out.getvalue(), err.getvalue())


def install(files: TinyFiles, name: str = "tiny") -> None:
    ran = run("models", "import", name, files.language, files.vision)
    assert ran.status == 0, ran.err


@pytest.fixture(scope="session")
def model_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with photos and the library that indexed them; only read, and copied.

    The photos hold red squares that fill more and more of them; stage one cannot tell.
    """
    folder, rng = tmp_path_factory.mktemp("squares"), np.random.default_rng(0)
    for number, share in enumerate(SHARES):
        rgb = tiny_models.photo_with_red(share, rng)
        synthetic_photos.write(folder / "photos" / f"{number}.png", rgb, age_s=3600 + number)
    assert run("--library", folder / "library", "add", folder / "photos").status == 0
    assert run("--library", folder / "library", "index").status == 0
    return folder


@pytest.fixture
def indexed(model_store: Path, tmp_path: Path) -> Path:
    """A library of one's own on the shared photos."""
    return Path(shutil.copytree(model_store / "library", tmp_path / "library"))


@pytest.fixture
def third_gone(model_store: Path, tmp_path: Path):
    """One of the photos is away for the time of a test."""
    photo, away = model_store / "photos" / "2.png", tmp_path / "away.png"
    shutil.move(photo, away)
    yield
    shutil.move(away, photo)


# -- the whole way -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_search_verify_ranks_by_what_the_model_sees(indexed: Path, tmp_path: Path, kind) -> None:
    install(tiny_models.write_fitted(tmp_path / "files", KINDS[kind]))
    ran = run("--library", indexed, "search", "red", "--verify", COUNT, "--json")
    assert ran.status == 0, ran.err
    found = json.loads(ran.out)
    by_name = {Path(hit["path"]).stem: hit for hit in found["hits"]}
    said = [by_name[str(n)]["probability"] for n in range(COUNT)]
    assert said == sorted(said) and said[0] < 0.35 and said[-1] > 0.85
    assert by_name["4"]["verdict"] == "match" and by_name["0"]["verdict"] != "match"
    assert [Path(hit["path"]).stem for hit in found["hits"]] == list("43210")
    assert all("“red”" in hit["reason"] and hit["looked_at"] for hit in found["hits"])
    plain = json.loads(run("--library", indexed, "search", "red", "--json").out)
    assert {hit["verdict"] for hit in plain["hits"]} == {"unverified"}
    assert not any(hit["looked_at"] for hit in plain["hits"])


def test_stored_answers_are_used_without_starting_the_model(
    indexed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tiny_models.write_fitted(tmp_path / "files", KIND))
    search = ("--library", indexed, "search", "red", "--json", "--verify")
    first = json.loads(run(*search, 3).out)["hits"]
    connection = sqlite3.connect(indexed / "library.sqlite")
    assert connection.execute("SELECT count(*) FROM looks").fetchone() == (3,)
    more = json.loads(run(*search, COUNT).out)["hits"]
    assert connection.execute("SELECT count(*) FROM looks").fetchone() == (COUNT,)
    connection.close()
    before = {hit["path"]: hit["probability"] for hit in first if hit["looked_at"]}
    assert before.items() <= {hit["path"]: hit["probability"] for hit in more}.items()

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a model was started")

    monkeypatch.setattr(model_process.CancellableWorker, "_start_if_needed", refuse)
    again = json.loads(run(*search, COUNT).out)["hits"]
    assert again == more


def test_status_says_which_model_it_is_and_where_it_runs(indexed: Path, tmp_path: Path) -> None:
    status = ("--library", indexed, "status")
    assert "Second look: none" in run(*status).out
    install(vision_language_model.write(tmp_path / "files", KIND))
    assert "Second look: tiny, on: processor" in run(*status).out
    run("--library", indexed, "settings", "second_look_threads", "3")
    told = json.loads(run(*status, "--json").out)["second_look"]
    assert (told["name"], told["where"]) == ("tiny", "processor, 3 threads")


def test_without_a_model_hits_come_with_a_hint_how_to_get_one(indexed: Path) -> None:
    ran = run("--library", indexed, "search", "red", "--verify", COUNT)
    assert ran.status == 0 and ran.out.count(".png") == COUNT
    assert "pickout-cli models download" in ran.err


def test_without_llama_cpp_python_the_message_says_how_to_add_it(
    indexed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(vision_language_model.write(tmp_path / "files", KIND))
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *rest: None if name == "llama_cpp" else find_spec(name, *rest),
    )
    ran = run("--library", indexed, "search", "red", "--verify", COUNT)
    assert ran.status == 0 and ran.out.count(".png") == COUNT
    assert "python3 packaging/run.py --with-mllm" in ran.err


# -- what can go wrong ---------------------------------------------------------------------------


@dataclass
class Asked:
    """A search from its first partial result to its end.

    Attributes:
        first_s: until hits were there to be shown.
        notes: all that partial results said, in order, repetitions left out.
    """

    result: SearchResult
    first_s: float
    notes: list[str] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        return sorted(hit.photo.path.stem for hit in self.result.hits)

    @property
    def looked_at(self) -> int:
        return sum(hit.looked_at for hit in self.result.hits)


def ask(library: Library, meanwhile: Callable[[SearchResult], None] = lambda _: None) -> Asked:
    """Search for red with a second look; ``meanwhile`` is told every partial result."""
    began = time.monotonic()
    job = library.search.start(SearchRequest(text="red", verify=COUNT))
    first_s, notes = None, []
    while not job.ended:
        partial = job.partial
        if partial is not None and partial.hits:
            first_s = first_s or time.monotonic() - began
            if partial.note not in ("", *notes):
                notes.append(partial.note)
            meanwhile(partial)
        assert time.monotonic() - began < PATIENCE_S
        time.sleep(0.005)
    result = job.result()
    return Asked(result, first_s or time.monotonic() - began, notes)


@pytest.fixture
def open_library(indexed: Path):
    """The library with its language model, as ``second_look_*`` settings say."""
    opened = []

    def run(**chosen: object) -> Library:
        settings.save(indexed / "settings.json", settings.Settings(**chosen))
        opened.append(Library.open(indexed, profile=colour_models.profile(calibrated=False)))
        opened[-1].search.warm_up().result(PATIENCE_S)
        return opened[-1]

    yield run
    for library in opened:
        library.close()


@pytest.fixture
def fitted(tmp_path: Path) -> None:
    install(tiny_models.write_fitted(tmp_path / "files", KIND))


def pid_of(library: Library) -> int | None:
    return library._components.reranker.pid


def all_hits(asked: Asked) -> bool:
    """Every hit is there with its outline, and was shown before anything was looked at."""
    whole = asked.names == list("01234")
    return whole and asked.first_s < 1 and all(hit.region for hit in asked.result.hits)


def started(library: Library) -> int:
    """Have the model's process running; its id."""
    assert ask(library).looked_at == COUNT
    return pid_of(library)


def gone(pid: int) -> bool:
    """Ended and asked for: a zombie would still be listed."""
    return not Path(f"/proc/{pid}").exists()


def forget_answers(library: Library) -> None:
    """So that the model is asked again."""
    with library._components.store._db.writing() as connection:
        connection.execute("DELETE FROM looks")


def test_hits_are_shown_first_and_verdicts_come_one_by_one(open_library, fitted) -> None:
    seen: list[tuple[int, int]] = []
    asked = ask(
        open_library(),
        lambda p: seen.append((p.looked_at, sum(hit.looked_at for hit in p.hits))),
    )
    assert all_hits(asked) and asked.looked_at == COUNT
    assert "is getting ready" in asked.notes[0] and asked.result.note == ""
    assert all(count == verdicts for count, verdicts in seen)
    assert seen == sorted(seen) and len(set(seen)) >= 3
    assert (asked.result.to_look_at, asked.result.reranker) == (COUNT, "tiny")


def test_a_killed_process_is_replaced_without_a_lost_verdict(open_library, fitted, caplog) -> None:
    library = open_library()
    pid = started(library)
    forget_answers(library)
    os.kill(pid, signal.SIGKILL)
    asked = ask(library)
    assert all_hits(asked) and asked.looked_at == COUNT and pid_of(library) != pid
    assert gone(pid)


def test_a_process_that_is_killed_repeatedly_is_not_restarted_forever(
    open_library, fitted, caplog
) -> None:
    library = open_library()
    killed = set()

    def kill(_: SearchResult) -> None:
        pid = pid_of(library)
        if pid is not None and pid not in killed:
            killed.add(pid)
            os.kill(pid, signal.SIGKILL)

    for _ in range(6):
        asked = ask(library, kill)
        assert all_hits(asked)
        if "not started again" in asked.result.note:
            break
        assert asked.result.note
    assert "not started again" in asked.result.note and len(killed) <= 4
    assert all(hit.verdict is Verdict.UNVERIFIED for hit in asked.result.hits)
    before = len(killed)
    assert "not started again" in ask(library, kill).result.note and len(killed) == before
    assert all(map(gone, killed))


def test_a_stopped_process_is_noticed_at_once_and_replaced_later(
    open_library, fitted, monkeypatch, caplog
) -> None:
    monkeypatch.setattr(model_process, "UNRESPONSIVE_LIMIT_S", 2.0)
    library = open_library()
    pid = started(library)
    forget_answers(library)
    os.kill(pid, signal.SIGSTOP)
    heard_s = []
    began = time.monotonic()

    def listen(partial: SearchResult) -> None:
        if "not responding" in partial.note and not heard_s:
            heard_s.append(time.monotonic() - began)

    asked = ask(library, listen)
    assert all_hits(asked) and heard_s[0] < 1.5
    assert asked.looked_at == COUNT and pid_of(library) != pid and gone(pid)


def test_a_process_without_memory_costs_verdicts_only(open_library, fitted, caplog) -> None:
    library = open_library()
    pid = started(library)
    forget_answers(library)
    used = int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.prlimit(pid, resource.RLIMIT_AS, (used, used))
    asked = ask(library)
    assert all_hits(asked)
    assert asked.looked_at == COUNT or asked.result.note


def test_a_new_query_ends_the_old_one_and_keeps_the_process(open_library, fitted) -> None:
    library = open_library()
    pid = started(library)
    forget_answers(library)
    for _ in range(5):
        old = library.search.start(SearchRequest(text="red", verify=COUNT))
        wait_until(lambda old=old: old.ended or (old.partial and old.partial.to_look_at), "looking")
        began = time.monotonic()
        new = library.search.start(SearchRequest(text="blue"))
        new.result(PATIENCE_S)
        assert time.monotonic() - began < 1
        assert old.state in (JobState.CANCELLED, JobState.SUCCEEDED)
    assert ask(library).looked_at == COUNT and pid_of(library) == pid


def test_closing_the_library_ends_a_request_in_progress(open_library, fitted) -> None:
    library = open_library()
    pid = started(library)
    forget_answers(library)
    job = library.search.start(SearchRequest(text="red", verify=COUNT))
    wait_until(lambda: job.ended or (job.partial and job.partial.to_look_at), "looking")
    library.close()
    assert job.ended and gone(pid)


def without_tensor(path: Path, name: str) -> None:
    """Give a tensor of a GGUF file a name that nobody looks for."""
    data = path.read_bytes()
    assert data.count(name.encode()) == 1
    path.write_bytes(data.replace(name.encode(), name[::-1].encode()))


def test_a_model_that_makes_native_code_abort(open_library, tmp_path: Path, caplog) -> None:
    files = vision_language_model.write(tmp_path / "files", KINDS["qwen3-vl"])
    without_tensor(files.vision, "v.position_embd.weight")
    install(files)
    asked = ask(open_library())
    assert all_hits(asked) and asked.looked_at == 0
    assert "stopped unexpectedly" in asked.result.note or "cannot be loaded" in asked.result.note


def test_a_model_that_lacks_a_part(open_library, tmp_path: Path) -> None:
    files = vision_language_model.write(tmp_path / "files", KIND)
    without_tensor(files.language, "blk.0.attn_q.weight")
    install(files)
    asked = ask(open_library())
    assert all_hits(asked) and asked.looked_at == 0
    assert "cannot be loaded" in asked.result.note


def installed_file(models_dir: Path, suffix: str) -> Path:
    return next(path for path in models_dir.rglob("*.gguf") if path.name == suffix)


def test_a_missing_model_file(open_library, fitted, models_dir: Path) -> None:
    installed_file(models_dir, vision_language_model.VISION_FILE).unlink()
    asked = ask(open_library())
    assert all_hits(asked) and asked.looked_at == 0
    assert "Download one" in asked.result.note


def test_a_model_file_that_is_deleted_while_the_library_is_open(
    open_library, fitted, models_dir: Path
) -> None:
    library = open_library()
    started(library)
    forget_answers(library)
    shutil.rmtree(models_dir)
    asked = ask(library)
    assert all_hits(asked) and asked.looked_at == 0 and "No language model" in asked.result.note


def test_the_vision_part_of_another_model(
    open_library, fitted, models_dir: Path, tmp_path: Path
) -> None:
    other = vision_language_model.write(tmp_path / "other", KINDS["qwen3-vl"])
    place = installed_file(models_dir, vision_language_model.VISION_FILE)
    size = place.stat().st_size
    data = other.vision.read_bytes()
    place.write_bytes(data)
    record = place.parent / "installed.json"
    record.write_text(record.read_text().replace(str(size), str(len(data))))
    asked = ask(open_library())
    assert all_hits(asked) and asked.looked_at == 0
    assert "belongs to another model" in asked.result.note


def test_answers_that_are_no_numbers_are_no_verdict(open_library, tmp_path: Path) -> None:
    head = np.full((len(vision_language_model.words()), 64), np.nan, np.float32)
    install(vision_language_model.write(tmp_path / "files", KIND, head=head))
    asked = ask(open_library())
    assert all_hits(asked) and asked.looked_at == 0
    assert {hit.verdict for hit in asked.result.hits} == {Verdict.UNVERIFIED}
    assert f"{COUNT} photos could not be looked at" in asked.result.note
    assert "answered with" in asked.result.hits[0].reason


def test_a_missing_photo_is_judged_by_its_thumbnail(open_library, fitted, third_gone) -> None:
    asked = ask(open_library())
    assert all_hits(asked) and asked.looked_at == COUNT and asked.result.note == ""


def test_a_missing_photo_without_a_thumbnail_costs_its_own_verdict(
    open_library, fitted, third_gone
) -> None:
    library = open_library()
    gone = next(p for p in library.photos.page() if p.path.name == "2.png")
    library._components.thumbnails.remove([gone.id])
    asked = ask(library)
    assert asked.looked_at == COUNT - 1 and "One photo could not" in asked.result.note


def test_a_process_that_grows_is_replaced_without_a_lost_answer(
    open_library, fitted, monkeypatch
) -> None:
    monkeypatch.setattr(model_process, "GROWTH_LIMIT_BYTES", -1)
    library = open_library()
    pids = set()
    asked = ask(library, lambda _: pids.add(pid_of(library)))
    assert all_hits(asked) and asked.looked_at == COUNT and asked.result.note == ""
    assert len(pids - {None}) >= 2


def test_an_idle_process_ends(open_library, fitted) -> None:
    library = open_library(second_look_idle_minutes=0.05)
    pid = started(library)
    wait_until(lambda: pid_of(library) is None, "given back")
    assert gone(pid)
    forget_answers(library)
    assert ask(library).looked_at == COUNT


def test_another_model_of_the_settings_takes_over(open_library, fitted, tmp_path: Path) -> None:
    install(vision_language_model.write(tmp_path / "more", KINDS["qwen3-vl"]), "second")
    library = open_library(second_look_model="second")
    assert ask(library).result.reranker == "second"
    library.close()
    assert ask(open_library(second_look_model="tiny")).result.reranker == "tiny"


def test_native_code_prints_into_the_log_and_nowhere_else(open_library, fitted, capfd) -> None:
    library = open_library()
    started(library)
    library.close()
    assert capfd.readouterr() == ("", "")
    assert library.paths.second_look_log.exists()


def test_a_changed_setting_applies_to_the_next_search_and_is_not_undone(
    open_library, fitted, tmp_path: Path, indexed: Path
) -> None:
    install(vision_language_model.write(tmp_path / "more", KINDS["qwen3-vl"]), "second")
    library = open_library(second_look_model="tiny")
    assert ask(library).result.reranker == "tiny"
    ran = run("--library", indexed, "settings", "second_look_model", "second")
    assert ran.status == 0 and "next search" in ran.err
    assert ask(library).result.reranker == "second"
    library.models.cancel_change()  # writes the settings of models
    assert settings.load(indexed / "settings.json")[0].second_look_model == "second"
