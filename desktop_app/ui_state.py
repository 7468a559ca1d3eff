"""What the window remembers between runs: its shape, its panels, the last searches."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

RECENT_KEPT = 12


class UiState:
    """Kept as ``window.ini`` inside the library's folder, so that each library has its own.

    Losing it is harmless: every read has a default.
    """

    def __init__(self, library_root: Path) -> None:
        self._settings = QSettings(str(library_root / "window.ini"), QSettings.Format.IniFormat)

    @property
    def geometry(self) -> QByteArray | None:
        value = self._settings.value("window/geometry")
        return value if isinstance(value, QByteArray) else None

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._settings.setValue("window/geometry", value)

    def flag(self, name: str, default: bool) -> bool:
        """A yes or no that was stored with ``set_flag``."""
        return str(self._settings.value(f"flags/{name}", default)).lower() == "true"

    def set_flag(self, name: str, value: bool) -> None:
        self._settings.setValue(f"flags/{name}", bool(value))

    @property
    def recent_searches(self) -> list[str]:
        """Newest first."""
        value = self._settings.value("search/recent") or []
        return [value] if isinstance(value, str) else [str(text) for text in value]

    def remember_search(self, text: str) -> None:
        text = " ".join(text.split())
        if not text:
            return
        others = [t for t in self.recent_searches if t.casefold() != text.casefold()]
        self._settings.setValue("search/recent", [text, *others][:RECENT_KEPT])

    def forget_searches(self) -> None:
        self._settings.remove("search/recent")

    @property
    def last_save_folder(self) -> Path | None:
        value = self._settings.value("export/folder")
        return Path(str(value)) if value else None

    @last_save_folder.setter
    def last_save_folder(self, folder: Path) -> None:
        self._settings.setValue("export/folder", str(folder))

    def flush(self) -> None:
        """Write to disk now; a folder that cannot be written is not worth a message."""
        self._settings.sync()
