"""What the system's desktop does with files: open them, show them in the file manager."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QProcess, QUrl
from PySide6.QtGui import QDesktopServices


class SystemShell:
    """Calls of the system's desktop. Tests replace the object by one with the same methods."""

    def open_file(self, path: Path) -> bool:
        """Open a file or folder in the application that the system has for it; False if there is
        none."""
        return QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))

    def open_page(self, address: str) -> bool:
        """Open a web page in the browser."""
        return QDesktopServices.openUrl(QUrl(address))

    def show_in_folder(self, path: Path) -> bool:
        """Open the file's folder in the file manager, with the file selected where it can."""
        if sys.platform == "win32":
            return QProcess.startDetached("explorer", [f"/select,{path}"])[0]
        if sys.platform == "darwin":
            return QProcess.startDetached("open", ["-R", str(path)])[0]
        return _show_by_dbus(path) or self.open_file(path.parent)


def _show_by_dbus(path: Path) -> bool:
    """Ask the file manager of a freedesktop.org system; False if it does not answer."""
    from PySide6.QtDBus import QDBusConnection, QDBusMessage

    bus = QDBusConnection.sessionBus()
    if not bus.isConnected():
        return False
    name = "org.freedesktop.FileManager1"
    message = QDBusMessage.createMethodCall(
        name, "/org/freedesktop/FileManager1", name, "ShowItems"
    )
    message.setArguments([[QUrl.fromLocalFile(str(path)).toString()], ""])
    answer = bus.call(message, timeout=1000)
    return answer.type() is QDBusMessage.MessageType.ReplyMessage
