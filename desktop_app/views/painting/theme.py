"""Colours, the style sheet and icons of the light and the dark theme."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QByteArray, QObject, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from engine.paths import resources_dir

OUTLINE = QColor("#ff6b95")
"""Colour of outlines on photos, the same in both themes, because photos do not change with it."""
OUTLINE_UNDERLAY = QColor(8, 9, 12, 153)
OUTLINE_PX = 2.0
UNDERLAY_PX = 4.0


@dataclass(frozen=True)
class Tokens:
    """Named colours of a theme; see ``resources/themes/*.json``."""

    name: str
    colours: dict[str, str]

    def __getitem__(self, token: str) -> QColor:
        return QColor(self.colours[token])


@lru_cache(maxsize=2)
def tokens(name: str) -> Tokens:
    """The colours of the theme ``light`` or ``dark``."""
    path = resources_dir() / "themes" / f"{name}.json"
    return Tokens(name, json.loads(path.read_text(encoding="utf-8")))


class Theme(QObject):
    """Applies palette and style sheet to the application and follows the system's colour scheme.

    Attributes:
        tokens: the colours of the current theme.

    Signals:
        changed(): another theme has been applied.
    """

    changed = Signal()

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._app = app
        self.tokens = tokens("light")
        app.setStyle("Fusion")
        self.follow_system()
        app.styleHints().colorSchemeChanged.connect(self.follow_system)

    def follow_system(self) -> None:
        """Apply the theme of the system's colour scheme."""
        dark = self._app.styleHints().colorScheme() is Qt.ColorScheme.Dark
        self.apply("dark" if dark else "light")

    def apply(self, name: str) -> None:
        """Use the theme ``light`` or ``dark`` now."""
        self.tokens = tokens(name)
        self._app.setPalette(_palette(self.tokens))
        sheet = (resources_dir() / "themes" / "window.qss").read_text(encoding="utf-8")
        # Longest names first, because @accent is also the beginning of @accent_soft.
        for token in sorted(self.tokens.colours, key=len, reverse=True):
            sheet = sheet.replace(f"@{token}", self.tokens.colours[token])
        icons = (resources_dir() / "icons").as_posix()
        sheet = sheet.replace("@icons", icons).replace("@theme", name)
        self._app.setStyleSheet(sheet)
        self.changed.emit()

    def icon(self, name: str, token: str = "text") -> QIcon:
        """An icon that is painted in the colour ``token`` of the theme that is current then."""
        return QIcon(_ThemedIcon(self, name, token))


def motion_allowed() -> bool:
    """False when the system asks for reduced motion."""
    return bool(QApplication.isEffectEnabled(Qt.UIEffect.UI_General))


@lru_cache(maxsize=256)
def icon_pixmap(name: str, colour: str, side_px: int) -> QPixmap:
    """A one-colour icon of ``resources/icons``, a square of ``side_px`` device pixels."""
    svg = (resources_dir() / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    renderer = QSvgRenderer(QByteArray(svg.replace("currentColor", colour).encode()))
    pixmap = QPixmap(side_px, side_px)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, side_px, side_px))
    painter.end()
    return pixmap


def paint_icon(painter: QPainter, rect: QRectF, name: str, colour: QColor) -> None:
    """Draw an icon sharply at the resolution of the painter's device."""
    ratio = painter.device().devicePixelRatioF()
    pixmap = icon_pixmap(name, colour.name(), max(1, round(rect.width() * ratio)))
    painter.drawPixmap(rect, pixmap, QRectF(pixmap.rect()))


class _ThemedIcon(QIconEngine):
    """Looks up the colour each time it is painted."""

    def __init__(self, theme: Theme, name: str, token: str) -> None:
        super().__init__()
        self._theme, self._name, self._token = theme, name, token

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        colour = self._theme.tokens["secondary" if mode is QIcon.Mode.Disabled else self._token]
        if mode is QIcon.Mode.Disabled:
            painter.setOpacity(0.55)
        side = min(rect.width(), rect.height())
        square = QRectF(0, 0, side, side)
        square.moveCenter(QRectF(rect).center())
        paint_icon(painter, square, self._name, colour)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, pixmap.rect(), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        return _ThemedIcon(self._theme, self._name, self._token)


def _palette(colours: Tokens) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for which, token in (
        (role.Window, "window"),
        (role.WindowText, "text"),
        (role.Base, "surface"),
        (role.AlternateBase, "sidebar"),
        (role.Text, "text"),
        (role.PlaceholderText, "secondary"),
        (role.Button, "raised"),
        (role.ButtonText, "text"),
        (role.ToolTipBase, "raised"),
        (role.ToolTipText, "text"),
        (role.Highlight, "accent"),
        (role.HighlightedText, "on_accent"),
        (role.Accent, "accent"),
        (role.Link, "link"),
        (role.BrightText, "danger"),
        (role.Light, "hover"),
        (role.Mid, "border"),
        (role.Dark, "border"),
    ):
        palette.setColor(which, colours[token])
    for which in (role.Text, role.WindowText, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, colours["secondary"])
    return palette
