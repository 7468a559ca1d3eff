"""Answers of language models about photos, stored so that no question is asked twice."""

from __future__ import annotations

import json
import logging
import threading

from engine.errors import EngineError
from engine.records import BoxXyxy, PhotoId
from engine.scoring.model_answer import ModelAnswer, normalised_query
from engine.store.connections import Connections
from engine.store.rows import now

log = logging.getLogger(__name__)

MOST_ROWS = 200_000
_STEP = 5_000
"""So many more than necessary are deleted at once; rows need not be counted until then."""


class ModelAnswers:
    """The table ``looks``; an ``AnswerCache``. Thread-safe.

    White space in queries does not count. An answer that cannot be stored or read is treated as
    missing: the model is asked again, and nothing raises.

    Args:
        read_only: ``put`` then does nothing.
        most_rows: of the table; the oldest are deleted first.
    """

    def __init__(self, db: Connections, read_only: bool, most_rows: int = MOST_ROWS) -> None:
        self._db = db
        self._read_only = read_only
        self._most_rows = most_rows
        self._step = min(_STEP, most_rows // 2)
        self._lock = threading.Lock()
        self._at_most: int | None = None  # bound of the number of rows; None before the first count

    def get(self, photo_id: PhotoId, query: str, model_key: str) -> ModelAnswer | None:
        """See ``AnswerCache``."""
        sql = """SELECT yes, mass, boxes_json FROM looks
                 WHERE photo_id = ? AND query = ? AND model_key = ?"""
        try:
            with self._db.reading() as connection:
                row = connection.execute(
                    sql, (photo_id, normalised_query(query), model_key)
                ).fetchone()
            return None if row is None else ModelAnswer(row[0], row[1], _boxes(row[2]))
        except (EngineError, ValueError, TypeError) as error:
            log.info("the answer about photo %d cannot be read: %s", photo_id, error)
            return None

    def put(self, photo_id: PhotoId, query: str, model_key: str, look: ModelAnswer) -> None:
        """See ``AnswerCache``. It replaces an older answer; a photo that is deleted gets none."""
        if self._read_only:
            return
        boxes = look.boxes_xyxy
        boxes_json = None if boxes is None else json.dumps([box.as_tuple() for box in boxes])
        row = (photo_id, normalised_query(query), model_key, look.yes, look.mass, boxes_json, now())
        try:
            # A new row has a new rowid, so that rows are in the order in which they were stored.
            with self._db.writing() as connection:
                connection.execute(
                    "DELETE FROM looks WHERE photo_id = ? AND query = ? AND model_key = ?", row[:3]
                )
                connection.execute(
                    """INSERT INTO looks
                           (photo_id, query, model_key, yes, mass, boxes_json, seen_at)
                       SELECT ?, ?, ?, ?, ?, ?, ? WHERE EXISTS
                           (SELECT 1 FROM photos WHERE id = ?)
                       ON CONFLICT DO NOTHING""",
                    (*row, photo_id),
                )
            self._prune()
        except EngineError as error:
            log.info("the answer about photo %d cannot be stored: %s", photo_id, error)

    def _prune(self) -> None:
        """Delete the oldest rows, many at once, when there may be too many."""
        with self._lock:
            if self._at_most is not None:
                self._at_most += 1
                if self._at_most <= self._most_rows:
                    return
            with self._db.reading() as connection:
                self._at_most = connection.execute("SELECT count(*) FROM looks").fetchone()[0]
            if self._at_most <= self._most_rows:
                return
            surplus = self._at_most - self._most_rows + self._step
            with self._db.writing() as connection:
                connection.execute(
                    "DELETE FROM looks WHERE rowid IN "
                    "(SELECT rowid FROM looks ORDER BY rowid LIMIT ?)",
                    (surplus,),
                )
            self._at_most -= surplus


def _boxes(text: str | None) -> tuple[BoxXyxy, ...] | None:
    return None if text is None else tuple(BoxXyxy(*corners) for corners in json.loads(text))
