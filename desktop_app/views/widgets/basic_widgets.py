"""Small widgets that the other parts of the window use."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktop_app.views.painting.theme import Theme, paint_icon

ICON_PX = 18


def label(text: str = "", role: str = "", *, wrap: bool = False) -> QLabel:
    """A label for plain text: file names and queries are never read as markup.

    Args:
        role: selects the style in ``window.qss``.
    """
    widget = QLabel(text)
    widget.setTextFormat(Qt.TextFormat.PlainText)
    widget.setWordWrap(wrap)
    if role:
        widget.setProperty("role", role)
    return widget


def side_panel(panel: QWidget, name: str, width_px: int) -> QVBoxLayout:
    """Make ``panel`` a vertically scrolling column of a fixed width; returns the layout to fill."""
    panel.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    panel.setFixedWidth(width_px)
    panel.setAccessibleName(name)
    outer = QVBoxLayout(panel)
    outer.setContentsMargins(0, 0, 0, 0)
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setAccessibleName(name)
    outer.addWidget(area)
    body = QWidget()
    area.setWidget(body)
    return QVBoxLayout(body)


class ElidedLabel(QLabel):
    """One line, elided where it does not fit; the tool tip then shows the full text."""

    def __init__(
        self, text: str = "", role: str = "", mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight
    ) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._full, self._mode = "", mode
        if role:
            self.setProperty("role", role)
        self.set_full_text(text)

    def set_full_text(self, text: str) -> None:
        """Set the text before eliding."""
        self._full = text
        self.setAccessibleName(text)
        self._elide()

    def set_mode(self, mode: Qt.TextElideMode) -> None:
        """Set where the text is elided."""
        self._mode = mode
        self._elide()

    def full_text(self) -> str:
        """The text before eliding."""
        return self._full

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        shown = QFontMetrics(self.font()).elidedText(self._full, self._mode, self.width())
        self.setText(shown)
        self.setToolTip(self._full if shown != self._full else "")


def push_button(
    text: str, *, role: str = "", theme: Theme | None = None, icon: str = "", token: str = "text"
) -> QPushButton:
    """A button with a text and an optional icon.

    Args:
        role: selects the style in ``window.qss``.
        token: name of the icon's colour in the theme.
    """
    button = QPushButton(text)
    button.setAccessibleName(text)
    button.setAutoDefault(False)
    if role:
        button.setProperty("role", role)
    if theme is not None and icon:
        button.setIcon(theme.icon(icon, token))
        button.setIconSize(QSize(ICON_PX, ICON_PX))
    return button


def icon_button(theme: Theme, icon: str, name: str, token: str = "secondary") -> QToolButton:
    """A button without a text; ``name`` is its tool tip and its accessible name."""
    button = QToolButton()
    button.setProperty("role", "icon")
    button.setIcon(theme.icon(icon, token))
    button.setIconSize(QSize(ICON_PX, ICON_PX))
    button.setToolTip(name)
    button.setAccessibleName(name)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button


def centred(widget: QWidget, width_px: int) -> QHBoxLayout:
    """A layout with the widget in the middle at a fixed width; wrapped text keeps its height."""
    widget.setFixedWidth(width_px)
    row = QHBoxLayout()
    row.addStretch(1)
    row.addWidget(widget)
    row.addStretch(1)
    return row


class IconLabel(QWidget):
    """An icon in a colour of the current theme."""

    def __init__(
        self, theme: Theme, icon: str, side_px: int = 48, token: str = "secondary"
    ) -> None:
        super().__init__()
        self._theme, self._icon, self._token = theme, icon, token
        self.setFixedSize(side_px, side_px)

    def set_icon(self, icon: str) -> None:
        """Show another icon."""
        self._icon = icon
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colour = self._theme.tokens[self._token]
        paint_icon(painter, QRectF(self.rect()), self._icon, colour)
