"""The stored state of the window: geometry, panels, recent searches, last save folder."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

RECENT_LIMIT = 12


class UiState:
    """Stored as ``window.ini`` in the library's folder, so each library has its own.

    Every read has a default, so the file may be missing.
    """

    def __init__(self, library_root: Path) -> None:
        self._settings = QSettings(str(library_root / "window.ini"), QSettings.Format.IniFormat)

    @property
    def geometry(self) -> QByteArray | None:
        """Geometry of the window, in Qt's own format."""
        value = self._settings.value("window/geometry")
        return value if isinstance(value, QByteArray) else None

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._settings.setValue("window/geometry", value)

    def flag(self, name: str, default: bool) -> bool:
        """A boolean that was stored by ``set_flag``."""
        return str(self._settings.value(f"flags/{name}", default)).lower() == "true"

    def set_flag(self, name: str, value: bool) -> None:
        """Store a boolean."""
        self._settings.setValue(f"flags/{name}", bool(value))

    def text(self, name: str, default: str) -> str:
        """A text that was stored by ``set_text``."""
        return str(self._settings.value(f"texts/{name}", default))

    def set_text(self, name: str, value: str) -> None:
        """Store a text."""
        self._settings.setValue(f"texts/{name}", str(value))

    @property
    def recent_searches(self) -> list[str]:
        """Texts of the recent searches, newest first."""
        value = self._settings.value("search/recent") or []
        return [value] if isinstance(value, str) else [str(text) for text in value]

    def record_search(self, text: str) -> None:
        """Put a text first in the recent searches; equal texts in another case are replaced."""
        text = " ".join(text.split())
        if not text:
            return
        others = [t for t in self.recent_searches if t.casefold() != text.casefold()]
        self._settings.setValue("search/recent", [text, *others][:RECENT_LIMIT])

    def clear_recent_searches(self) -> None:
        """Remove all recent searches."""
        self._settings.remove("search/recent")

    @property
    def last_save_folder(self) -> Path | None:
        """The folder of the cut-out that was saved last."""
        value = self._settings.value("export/folder")
        return Path(str(value)) if value else None

    @last_save_folder.setter
    def last_save_folder(self, folder: Path) -> None:
        self._settings.setValue("export/folder", str(folder))

    def flush(self) -> None:
        """Write to disk now. Errors are ignored, because losing this state is harmless."""
        self._settings.sync()
