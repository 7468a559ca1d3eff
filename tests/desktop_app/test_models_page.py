"""The models page on a real library, with a mirror on this computer instead of the publishers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from desktop_app.text import models_text, search_text
from desktop_app.views.pages.models_page import MODEL, PROFILE
from tests.desktop_app.conftest import DEADLINE_MS, drop
from tests.fakes import gguf_files, model_server
from tests.fakes.model_server import CONTENT, FILE, NAME, TITLE, Mirror


@pytest.fixture
def models_dir(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture(autouse=True)
def mirror(models_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    with model_server.running(models_dir, monkeypatch) as mirror:
        yield mirror


@pytest.fixture
def page(mirror, desktop, qtbot):
    """The page in the window, with its cards, opened by its key."""
    page = desktop.presenter.models.page
    with qtbot.waitSignal(page.listed, timeout=DEADLINE_MS):
        QTest.keyClick(desktop.window, Qt.Key.Key_3, Qt.KeyboardModifier.AltModifier)
    assert page.isVisible()
    return page


def toast(desktop) -> str:
    return desktop.window.toast.message


def wait_for_state(page, qtbot, state: str, name: str = NAME) -> None:
    qtbot.waitUntil(
        lambda: page.card(MODEL, name) is not None and page.card(MODEL, name).card.state == state,
        timeout=DEADLINE_MS,
    )


def press(page, action: str, kind: str = MODEL, name: str = NAME) -> None:
    page.card(kind, name).button(action).click()


def install(page, qtbot) -> None:
    press(page, "download")
    wait_for_state(page, qtbot, models_text.STATE_INSTALLED)


def test_the_page_says_what_there_is_and_what_this_computer_can_run(page, desktop):
    assert "memory" in page.computer.text() and "free" in page.computer.text()
    toy = page.card(MODEL, NAME).card
    assert toy.title == TITLE and "MIT" in toy.lines[0] and toy.lines[1] == "Free."
    recommended = [c for c in page.cards() if c.card.state == models_text.STATE_RECOMMENDED]
    assert len(recommended) == 1
    assert page.card(PROFILE, "full").card.problem  # its models are not installed
    for button in page.findChildren(QPushButton):
        assert button.accessibleName()


def test_a_download_shows_its_progress_and_installs(page, desktop, mirror, qtbot, models_dir):
    mirror.proceed.clear()
    press(page, "download")
    card = page.card(MODEL, NAME)
    qtbot.waitUntil(lambda: "Downloading" in card.progress, timeout=DEADLINE_MS)
    assert not card.button("download").isVisible()
    mirror.proceed.set()
    wait_for_state(page, qtbot, models_text.STATE_INSTALLED)
    assert (models_dir / NAME / FILE).read_bytes() == CONTENT
    assert card.progress == "" and toast(desktop) == models_text.INSTALLED.format(title=TITLE)


def test_a_cancelled_download_can_go_on(page, desktop, mirror, qtbot):
    mirror.proceed.clear()
    press(page, "download")
    card = page.card(MODEL, NAME)
    assert mirror.half_sent.wait(20)
    card.cancel()
    mirror.proceed.set()
    qtbot.waitUntil(lambda: toast(desktop) == models_text.CANCELLED, timeout=DEADLINE_MS)
    qtbot.waitUntil(lambda: "Go on" in card.button("download").text(), timeout=DEADLINE_MS)
    install(page, qtbot)


def test_a_failed_download_says_why_on_its_card(page, mirror, qtbot, models_dir):
    (models_dir / ".incoming").write_text("a file is in the way of the folder")
    press(page, "download")
    card = page.card(MODEL, NAME)
    qtbot.waitUntil(lambda: card.problem != "", timeout=DEADLINE_MS)
    assert "permissions" in card.problem and card.button("download").isVisible()
    (models_dir / ".incoming").unlink()
    install(page, qtbot)
    assert card.problem == ""


def test_an_installed_model_is_verified_and_removed_after_a_question(
    page, desktop, qtbot, models_dir
):
    install(page, qtbot)
    press(page, "verify")
    verified = models_text.VERIFIED.format(title=TITLE)
    qtbot.waitUntil(lambda: toast(desktop) == verified, timeout=DEADLINE_MS)
    press(page, "remove")
    card = page.card(MODEL, NAME)
    assert TITLE in card.question and card.button("no").hasFocus()
    press(page, "no")
    assert card.question == "" and (models_dir / NAME).is_dir()
    press(page, "remove")
    press(page, "yes")
    wait_for_state(page, qtbot, "")
    assert not (models_dir / NAME).exists()


def test_chosen_files_are_imported(page, desktop, qtbot, tmp_path):
    (tmp_path / "given.safetensors").write_bytes(CONTENT)
    desktop.window.dialogs.model_files = [tmp_path / "given.safetensors"]
    press(page, "import")
    wait_for_state(page, qtbot, models_text.STATE_INSTALLED)


def test_files_dropped_on_the_window_become_a_model_and_can_be_used(
    desktop, qtbot, tmp_path, mirror
):
    """Dropped over the grid: the page comes by itself."""
    files = [
        gguf_files.language(tmp_path / "own.gguf"),
        gguf_files.vision(tmp_path / "own-part.gguf"),
    ]
    drop(desktop.window, *files)
    page = desktop.presenter.models.page
    qtbot.waitUntil(
        lambda: page.card(MODEL, "own") is not None and page.card(MODEL, "own").card.state != "",
        timeout=DEADLINE_MS,
    )
    assert page.isVisible() and page.card(MODEL, "") is None
    desktop.session.library.model_files.remove("own").result(20)


def test_another_language_model_can_be_used(page, desktop, qtbot, tmp_path):
    library = desktop.session.library
    for seed, name in enumerate(("one", "two")):
        files = [
            gguf_files.language(tmp_path / name / "l.gguf", seed=seed),
            gguf_files.vision(tmp_path / name / "v.gguf", seed=seed),
        ]
        library.model_files.import_files(files, name).result(20)
    with qtbot.waitSignal(page.listed, timeout=DEADLINE_MS):
        desktop.window.commands["models"].trigger()
    # Where language models can run, one of them is in use already.
    cards = (page.card(MODEL, name).card for name in ("one", "two"))
    name = next(c.key for c in cards if "use" in [action.name for action in c.actions])
    press(page, "use", name=name)
    qtbot.waitUntil(
        lambda: toast(desktop) == models_text.USED.format(title=name), timeout=DEADLINE_MS
    )
    assert library.settings.second_look_model == name


def test_dropped_files_that_are_no_model_are_explained(desktop, qtbot, tmp_path, mirror):
    (tmp_path / "odd.gguf").write_bytes(b"GGUF")
    drop(desktop.window, tmp_path / "odd.gguf")
    asked = desktop.window.dialogs.asked
    qtbot.waitUntil(lambda: bool(asked), timeout=DEADLINE_MS)
    assert asked[0][0] == "problem" and "two GGUF files" in asked[0][1].hint


def test_verified_without_a_model_leads_to_the_page(mirror, desktop, qtbot, search):
    search(desktop, "red")
    desktop.window.search_bar.verify_switch.verified.click()
    bar = desktop.presenter.results.second_look_bar
    qtbot.waitUntil(bar.isVisible, timeout=DEADLINE_MS)
    assert bar.models_button.text() == search_text.SEE_MODELS
    bar.models_button.click()
    assert desktop.presenter.models.page.isVisible()


def test_escape_leads_back_to_the_photos(page, desktop):
    QTest.keyClick(desktop.window, Qt.Key.Key_Escape)
    assert desktop.presenter.results.isVisible()


def test_a_change_that_runs_is_shown_and_can_be_cancelled(page, desktop, qtbot):
    library = desktop.session.library
    library.indexing.pause()
    library.models.change("starter")
    card = page.card(PROFILE, "starter")
    qtbot.waitUntil(lambda: card.progress == "0 of 6 photos", timeout=DEADLINE_MS)
    desktop.window.commands["models"].trigger()
    qtbot.waitUntil(lambda: card.card.state == models_text.STATE_NEXT, timeout=DEADLINE_MS)
    press(page, "cancel_change", PROFILE, "starter")
    qtbot.waitUntil(lambda: library.status().change is None, timeout=DEADLINE_MS)
    qtbot.waitUntil(lambda: card.card.state == "" and card.progress == "", timeout=DEADLINE_MS)
    library.indexing.resume()


@pytest.mark.slow
def test_a_change_tells_its_cost_runs_in_the_background_and_can_be_forgotten(page, desktop, qtbot):
    """From models made of colours to the built-in ones, which are real."""
    colours = desktop.session.library.models.active.name
    assert page.card(PROFILE, colours).card.state == models_text.STATE_ANSWERS
    card = page.card(PROFILE, "starter")
    press(page, "change", PROFILE, "starter")
    qtbot.waitUntil(lambda: "6 photos" in card.question, timeout=60_000)
    assert "about" in card.question and "free" in card.question
    press(page, "no", PROFILE, "starter")
    assert desktop.session.library.status().change is None
    press(page, "change", PROFILE, "starter")
    qtbot.waitUntil(lambda: card.question != "", timeout=60_000)
    press(page, "yes", PROFILE, "starter")
    qtbot.waitUntil(lambda: card.progress != "", timeout=60_000)
    qtbot.waitUntil(lambda: card.card.state == models_text.STATE_ANSWERS, timeout=60_000)
    assert desktop.session.library.models.active.name == "starter"
    unused = page.card(PROFILE, colours)
    qtbot.waitUntil(lambda: len(unused.card.actions) == 1, timeout=DEADLINE_MS)
    press(page, "forget", PROFILE, colours)
    assert "6 photos" in unused.question
    press(page, "yes", PROFILE, colours)
    qtbot.waitUntil(lambda: page.card(PROFILE, colours) is None, timeout=DEADLINE_MS)
    assert toast(desktop).startswith("Deleted.")
