"""What the parts of a query found in a photo, a line each."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from desktop_app.item_models.finding_rows import FindingRow
from desktop_app.text import search_text
from desktop_app.views.painting.theme import Theme
from desktop_app.views.widgets.basic_widgets import IconLabel, label

TOP = Qt.AlignmentFlag.AlignTop


class FindingList(QWidget):
    """A symbol, the part in words and what was found, a line a part; hidden without any.

    Attributes:
        rows: what is shown.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.rows: tuple[FindingRow, ...] = ()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 4, 0, 4)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self.setAccessibleName(search_text.PARTS)
        self.hide()

    def show_rows(self, rows: Sequence[FindingRow]) -> None:
        """Replace the lines."""
        if tuple(rows) == self.rows:
            return
        self.rows = tuple(rows)
        while (item := self._grid.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for at, row in enumerate(self.rows):
            verdict = row.verdict.value
            token = "secondary" if verdict == "unverified" else verdict
            part = label(row.part, wrap=True)
            note = label(row.note, "secondary")
            part.setAccessibleName(str(row))
            self._grid.addWidget(IconLabel(self._theme, verdict, 16, token), at, 0, TOP)
            self._grid.addWidget(part, at, 1)
            self._grid.addWidget(note, at, 2, TOP | Qt.AlignmentFlag.AlignRight)
        self.setVisible(bool(self.rows))

    @property
    def lines(self) -> list[str]:
        """The texts on show: part and note."""
        found = [
            item.widget() for at in range(self._grid.count()) if (item := self._grid.itemAt(at))
        ]
        return [widget.text() for widget in found if isinstance(widget, QLabel)]
