"""The page with the settings, made from their declarations."""

from __future__ import annotations

from dataclasses import fields

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget

from desktop_app.text import settings_text
from desktop_app.views.pages.scroll_page import ScrollPage
from desktop_app.views.painting.theme import Theme
from desktop_app.views.widgets.basic_widgets import label
from desktop_app.views.widgets.setting_row import SettingRow
from engine.settings import CHANGED_BY_PROFILE, Settings

FIELD_PX = 240


class SettingsPage(ScrollPage):
    """Lists the settings under headings, and those that match the field's words.

    Attributes:
        field: searches in names and descriptions.
        rows: by name of the setting; empty until they are shown for the first time.

    Signals:
        closed(): see ``ScrollPage``.
        changed(str name, value): people have chosen another value.
    """

    changed = Signal(str, object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, settings_text.SETTINGS, parent)
        self.rows: dict[str, SettingRow] = {}
        self._headings: dict[str, QLabel] = {}
        self.field = QLineEdit()
        self.field.setFixedWidth(FIELD_PX)
        self.field.setPlaceholderText(settings_text.FIND)
        self.field.setAccessibleName(settings_text.FIND)
        self.field.setClearButtonEnabled(True)
        self.field.textChanged.connect(self._filter)
        self.top.addWidget(self.field)
        self._nothing = label(role="secondary", wrap=True)
        self.sections.addWidget(self._nothing)
        self._nothing.hide()

    def show_settings(self, settings: Settings) -> None:
        """Show these values."""
        if not self.rows:
            self._build()
        for name, row in self.rows.items():
            row.show_value(getattr(settings, name))

    def _build(self) -> None:
        """Rows of a group stand together; the groups in the order of their first settings."""
        shown = [row for row in fields(Settings) if row.name not in CHANGED_BY_PROFILE]
        for group in dict.fromkeys(row.metadata["group"] for row in shown):
            heading = self._headings[group] = label(group, "heading")
            self.sections.addSpacing(8)
            self.sections.addWidget(heading)
            for declared in (row for row in shown if row.metadata["group"] == group):
                row = self.rows[declared.name] = SettingRow(declared)
                row.changed.connect(self.changed)
                self.sections.addWidget(row)
        self.sections.addStretch(1)
        self._filter()

    def _filter(self) -> None:
        words = self.field.text()
        groups = set()
        for row in self.rows.values():
            matches = row.matches(words)
            row.setVisible(matches)
            if matches:
                groups.add(row.row.metadata["group"])
        for group, heading in self._headings.items():
            heading.setVisible(group in groups)
        self._nothing.setText(settings_text.NONE_FOUND.format(words=words))
        self._nothing.setVisible(bool(self.rows) and not groups)
