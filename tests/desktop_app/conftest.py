"""Fixtures: the window on a real library that finds coloured shapes, and on one in memory."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from desktop_app.app import Desktop
from desktop_app.bridge.main_thread_queue import MainThreadQueue
from desktop_app.bridge.session import Session
from desktop_app.views.dialogs import RestoreChoice
from desktop_app.views.painting.theme import Theme
from engine.library import Library
from tests.desktop_app.memory_library import MemoryLibrary, SyntheticPhoto, synthetic_photo
from tests.fakes import colour_models, synthetic_photos

DEADLINE_MS = 20_000
RED, GREEN, BLUE = (210, 40, 40), (40, 170, 60), (40, 70, 210)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The offscreen platform logs warnings that do not concern these tests: about size hints, and
    that it cannot raise menus or grab the keyboard for them."""
    ignored = ("propagateSizeHints", "This plugin does not support")
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.qt_log_ignore(*ignored, extend=True))


@pytest.fixture(autouse=True)
def garbage_is_collected_between_tests() -> Iterator[None]:
    """On the main thread only, as in the product: see ``GuiThreadGarbageCollector``."""
    gc.disable()
    yield
    gc.enable()
    gc.collect(1)


@dataclass
class ScriptedDialogs:
    """Answers dialogs as set here and records them.

    Attributes:
        asked: kind of each dialog, and what it was about.
    """

    folder: Path | None = None
    save_path: Path | None = None
    model_files: list[Path] = field(default_factory=list)
    name: str | None = None
    remove: bool = True
    try_again: bool = False
    restore: list[RestoreChoice] = field(default_factory=list)
    asked: list[tuple[str, object]] = field(default_factory=list)

    def choose_folder(self, title: str = "") -> Path | None:
        return self.folder

    def choose_save_path(self, proposed: Path) -> Path | None:
        self.asked.append(("save", proposed))
        return self.save_path

    def choose_model_files(self) -> list[Path]:
        return self.model_files

    def ask_name(self, present: str) -> str | None:
        self.asked.append(("name", present))
        return self.name

    def confirm_remove(self, folder) -> bool:
        self.asked.append(("remove", folder))
        return self.remove

    def show_problem(self, error) -> None:
        self.asked.append(("problem", error))

    def show_internal_error(self) -> None:
        self.asked.append(("internal error", None))

    def cannot_open(self, error) -> bool:
        self.asked.append(("cannot open", error))
        return self.try_again

    def offer_restore(self, error, backup) -> RestoreChoice:
        self.asked.append(("restore", backup))
        return self.restore.pop(0)

    def show_restored(self, report) -> None:
        self.asked.append(("restored", report))

    def show_shortcuts(self) -> None:
        self.asked.append(("shortcuts", None))


@dataclass
class ScriptedShell:
    """Records what the system's desktop is asked for, instead of starting a program."""

    asked: list[tuple[str, Path | str]] = field(default_factory=list)

    def open_file(self, path: Path) -> bool:
        self.asked.append(("open", path))
        return True

    def open_page(self, address: str) -> bool:
        self.asked.append(("page", address))
        return True

    def show_in_folder(self, path: Path) -> bool:
        self.asked.append(("show", path))
        return True


@pytest.fixture(scope="session")
def theme(qapp) -> Theme:
    theme = Theme(qapp)
    theme.apply("dark")
    return theme


@pytest.fixture(autouse=True)
def _no_key_stays_down() -> Iterator[None]:
    """Release modifier keys after each test.

    After a synthetic key with Ctrl, Qt takes Ctrl for held until a key without it; a row that a
    later test selects would then be toggled.
    """
    yield
    if QGuiApplication.instance() and QGuiApplication.keyboardModifiers():
        QTest.keyRelease(QWidget(), Qt.Key.Key_Shift)
        assert not QGuiApplication.keyboardModifiers()


@pytest.fixture(scope="session")
def model_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with six photos of coloured squares (three with red) and a broken file."""
    folder = tmp_path_factory.mktemp("photos") / "Pictures"
    for seed, (name, colours) in enumerate(
        (
            ("red-1.png", ("red",)),
            ("red-2.png", ("red", "blue")),
            ("red-3.png", ("red", "green")),
            ("green.png", ("green",)),
            ("blue.png", ("blue", "yellow")),
            ("purple.png", ("purple",)),
        )
    ):
        synthetic_photos.photo(folder / name, *colours, seed=seed, age_s=3600 + seed)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 this ends too early")
    synthetic_photos.aged(folder / "broken.jpg", 3600)
    return folder


@pytest.fixture(scope="session")
def indexed(model_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a library in which all of them are indexed."""
    root = tmp_path_factory.mktemp("indexed") / "library"
    library = Library.open(root, profile=colour_models.profile())
    try:
        library.folders.add(model_store)
        library.indexing.start().result(60)
        status = library.status()
        assert (status.searchable, status.problems) == (6, 1)
    finally:
        library.close()
    return root


def open_with_colours(root: Path) -> Library:
    return Library.open(root, profile=colour_models.profile())


@pytest.fixture
def open_desktop(qapp, qtbot, theme, tmp_path: Path) -> Iterator[Callable[..., Desktop]]:
    """Opens windows as the program does, and closes them after the test."""
    opened: list[Desktop] = []

    def open_window(
        root: Path | None = None,
        open_library: Callable[[Path], object] = open_with_colours,
        dialogs: ScriptedDialogs | None = None,
        wait: bool = True,
    ) -> Desktop:
        desktop = Desktop(
            qapp, root or tmp_path / "library", theme=theme, open_library=open_library
        )
        opened.append(desktop)
        desktop.window.dialogs = dialogs or ScriptedDialogs()
        desktop.window.shell = ScriptedShell()
        desktop.window.resize(1280, 820)
        desktop.show()
        desktop.window.activateWindow()
        if wait:
            qtbot.waitUntil(desktop.window.isActiveWindow, timeout=DEADLINE_MS)
            qtbot.waitUntil(
                lambda: desktop.session is not None and desktop.session.events.status is not None,
                timeout=DEADLINE_MS,
            )
        return desktop

    yield open_window
    for desktop in opened:
        desktop.window.close()
        delete(desktop.window)


@pytest.fixture
def desktop(open_desktop, indexed: Path, tmp_path: Path, qtbot) -> Desktop:
    """The window on a copy of the indexed library, with all photos in the grid."""
    root = tmp_path / "library"
    shutil.copytree(indexed, root)
    opened = open_desktop(root)
    qtbot.waitUntil(lambda: opened.presenter.model.rowCount() == 6, timeout=DEADLINE_MS)
    return opened


@pytest.fixture
def main_thread(qapp) -> Iterator[MainThreadQueue]:
    queue = MainThreadQueue()
    yield queue
    queue.close()
    delete(queue)


def raise_at_once(error: BaseException) -> None:
    raise error


@pytest.fixture
def memory_photos() -> list[SyntheticPhoto]:
    return [
        synthetic_photo("ball.jpg", [("red ball", (200, 200, 80, RED))]),
        synthetic_photo(
            "two.jpg",
            [("red ball", (150, 200, 70, RED)), ("blue ball", (450, 250, 90, BLUE))],
        ),
        synthetic_photo("tree.jpg", [("green tree", (300, 240, 120, GREEN))]),
        synthetic_photo("empty.jpg", []),
    ]


@pytest.fixture
def memory(tmp_path: Path, memory_photos) -> Iterator[MemoryLibrary]:
    library = MemoryLibrary(tmp_path, memory_photos)
    yield library
    library.close()


@pytest.fixture
def sixty_photos(tmp_path: Path) -> MemoryLibrary:
    """Photos with a red ball each; for that query all match, in the order of their names."""
    photos = [
        synthetic_photo(f"{n:03d}.jpg", [("red ball", (60 + n, 60, 30, RED))], (200, 150))
        for n in range(60)
    ]
    return MemoryLibrary(tmp_path / "sixty", photos)


def opens(library: MemoryLibrary) -> Callable[[Path], MemoryLibrary]:
    """A replacement of ``Library.open`` that returns this library."""
    return lambda root: library


@pytest.fixture
def session(
    memory: MemoryLibrary, main_thread: MainThreadQueue, tmp_path: Path
) -> Iterator[Session]:
    session = Session(memory, tmp_path, main_thread, raise_at_once)
    yield session
    session.close()


def delete(qobject) -> None:
    """Delete a QObject now, instead of when Python collects it during another test."""
    qobject.deleteLater()
    QCoreApplication.sendPostedEvents(qobject, QEvent.Type.DeferredDelete)


@pytest.fixture
def search(qtbot) -> Callable[[Desktop, str], None]:
    """Type words, press Enter, wait for the complete answer."""

    def run(desktop: Desktop, words: str) -> None:
        bar, searching = desktop.window.search_bar, desktop.presenter.searching
        answers = []
        searching.updated.connect(lambda query, result: answers.append(result))
        bar.field.setText(words)
        bar.submitted.emit(words)
        qtbot.waitUntil(lambda: any(a.complete for a in answers), timeout=DEADLINE_MS)

    return run


def drop(window, *paths) -> None:
    """Drag files or folders over the window and drop them there."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    how = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton)
    nothing = Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(window, QDragEnterEvent(QPoint(300, 300), *how, nothing))
    QApplication.sendEvent(window, QDropEvent(QPointF(300, 300), *how, nothing))
