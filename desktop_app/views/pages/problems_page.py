"""The page with the list of files that could not be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QGuiApplication, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from desktop_app.item_models.problems import PROBLEM_ROLE, ProblemModel
from desktop_app.text import formatting, library_text, photo_text
from desktop_app.views.painting.theme import Theme
from desktop_app.views.widgets.basic_widgets import icon_button, label, push_button

Index = QModelIndex | QPersistentModelIndex

ROW_PX = 52
PAD_PX = 12


class ProblemsPage(QWidget):
    """Lists problems and retries files.

    Signals:
        closed(): go back to the photos.
        retry(list[Path] or None): index these files again; None for all.
        show_requested(Path): show this file in the file manager.
    """

    closed = Signal()
    retry = Signal(object)
    show_requested = Signal(object)

    def __init__(self, model: ProblemModel, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._model = model
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 4, 16, 16)
        column.setSpacing(12)
        top = QHBoxLayout()
        top.setSpacing(8)
        back = icon_button(theme, "back", photo_text.BACK, "text")
        back.clicked.connect(self.closed)
        top.addWidget(back)
        top.addWidget(label(library_text.PROBLEMS_TITLE, "title"))
        self._body = label(library_text.PROBLEMS_BODY, "secondary")
        top.addWidget(self._body, 1)
        column.addLayout(top)
        self.table = QTableView()
        self.table.setModel(model)
        self.table.setAccessibleName(library_text.PROBLEMS_TITLE)
        self.table.setItemDelegate(_ProblemDelegate(theme, self.table))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setShowGrid(False)
        self.table.setTabKeyNavigation(False)
        self.table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        self.menu = QMenu(self)
        self.menu.addAction(library_text.RETRY_SELECTED, self._retry_selected)
        self.menu.addAction(photo_text.SHOW_IN_FOLDER, self._show_in_folder)
        self.menu.addAction(library_text.COPY_PATH, self._copy_paths)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._open_menu)
        column.addWidget(self.table, 1)
        column.addLayout(self._build_buttons())
        model.modelReset.connect(self._refresh)
        self.table.selectionModel().selectionChanged.connect(self._refresh)
        self._refresh()

    def _build_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.show_button = push_button(photo_text.SHOW_IN_FOLDER)
        self.show_button.clicked.connect(self._show_in_folder)
        self.retry_selected = push_button(library_text.RETRY_SELECTED)
        self.retry_selected.clicked.connect(self._retry_selected)
        self.retry_all = push_button(library_text.RETRY_ALL, role="primary")
        self.retry_all.clicked.connect(self._retry_all)
        row.addWidget(self.show_button)
        row.addStretch(1)
        row.addWidget(self.retry_selected)
        row.addWidget(self.retry_all)
        return row

    def _refresh(self) -> None:
        has_problems = self._model.rowCount() > 0
        selected = len(self.table.selectionModel().selectedRows())
        self._body.setText(library_text.PROBLEMS_BODY if has_problems else library_text.NO_PROBLEMS)
        self.retry_all.setEnabled(has_problems)
        self.retry_selected.setEnabled(selected > 0)
        self.show_button.setEnabled(selected == 1)

    def selected_paths(self) -> list[Path]:
        """The files of the selected rows."""
        rows = self.table.selectionModel().selectedRows()
        return [self._model.path(index.row()) for index in rows]

    def _retry_all(self) -> None:
        self.retry.emit(None)

    def _retry_selected(self) -> None:
        self.retry.emit(self.selected_paths())

    def _show_in_folder(self) -> None:
        for path in self.selected_paths():
            self.show_requested.emit(path)

    def _copy_paths(self) -> None:
        QGuiApplication.clipboard().setText("\n".join(map(str, self.selected_paths())))

    def _open_menu(self, at: QPoint) -> None:
        if self.selected_paths():
            self.menu.popup(self.table.viewport().mapToGlobal(at))


class _ProblemDelegate(QStyledItemDelegate):
    """Paints name and folder on two lines in the first column, and wrapped text in the others."""

    def __init__(self, theme: Theme, table: QTableView) -> None:
        super().__init__(table)
        self._theme, self._table = theme, table

    def sizeHint(self, option: Any, index: Index) -> QSize:
        if index.column() == 0:
            return QSize(160, ROW_PX)
        font = option.font
        font.setPixelSize(12)
        width = self._table.columnWidth(index.column()) - 2 * PAD_PX
        wrap = int(Qt.TextFlag.TextWordWrap)
        room = QFontMetrics(font).boundingRect(0, 0, max(60, width), 400, wrap, index.data())
        return QSize(120, max(ROW_PX, room.height() + 16))

    def paint(self, painter: QPainter, option: Any, index: Index) -> None:
        painter.save()
        colours = self._theme.tokens
        rect = QRectF(option.rect)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, colours["accent_soft"])
        painter.setPen(colours["border"])
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        inner = rect.adjusted(PAD_PX, 7, -PAD_PX, -7)
        font = painter.font()
        font.setPixelSize(13)
        painter.setFont(font)
        painter.setPen(colours["text"])
        wrap = int(Qt.TextFlag.TextWordWrap) | int(Qt.AlignmentFlag.AlignVCenter)
        if index.column() > 0:
            font.setPixelSize(12)
            painter.setFont(font)
            if index.column() == 2:
                painter.setPen(colours["secondary"])
            painter.drawText(inner, wrap, index.data())
            painter.restore()
            return
        problem = index.data(PROBLEM_ROLE)
        width, middle = int(inner.width()), Qt.TextElideMode.ElideMiddle
        line = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        half = inner.height() / 2
        name = painter.fontMetrics().elidedText(formatting.file_name(problem.path), middle, width)
        painter.drawText(inner.adjusted(0, 0, 0, -half), line, name)
        font.setPixelSize(11)
        painter.setFont(font)
        painter.setPen(colours["secondary"])
        folder = painter.fontMetrics().elidedText(
            formatting.whole_path(problem.path.parent), middle, width
        )
        painter.drawText(inner.adjusted(0, half, 0, 0), line, folder)
        painter.restore()
