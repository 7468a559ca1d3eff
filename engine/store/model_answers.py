"""What a language model said of photos: kept, so that the same question needs no second wait."""

from __future__ import annotations

import json
import logging
import threading

from engine.errors import EngineError
from engine.records import BoxXyxy, PhotoId
from engine.scoring.model_answer import ModelAnswer, folded
from engine.store.database import Database
from engine.store.rows import now

log = logging.getLogger(__name__)

MOST_ROWS = 200_000
_STEP = 5_000
"""So many more than needed are deleted at once; until then nothing has to be counted."""


class ModelAnswers:
    """The looks of a library; a ``AnswerCache``. Thread-safe.

    A query is the same whatever white space it is written with. What cannot be kept or read is
    as if it had never been there: it costs a look, never an error.

    Args:
        read_only: ``put`` then does nothing.
        most_rows: of all looks; the oldest go first.
    """

    def __init__(self, db: Database, read_only: bool, most_rows: int = MOST_ROWS) -> None:
        self._db = db
        self._read_only = read_only
        self._most_rows = most_rows
        self._step = min(_STEP, most_rows // 2)
        self._lock = threading.Lock()
        self._at_most: int | None = None  # bound of the number of rows; None before the first count

    def get(self, photo_id: PhotoId, query: str, model_key: str) -> ModelAnswer | None:
        """What the model said of this photo when it was last asked this; None if never."""
        sql = """SELECT yes, mass, boxes_json FROM looks
                 WHERE photo_id = ? AND query = ? AND model_key = ?"""
        try:
            with self._db.reading() as connection:
                row = connection.execute(sql, (photo_id, folded(query), model_key)).fetchone()
            return None if row is None else ModelAnswer(row[0], row[1], _boxes(row[2]))
        except (EngineError, ValueError, TypeError) as error:
            log.info("a look at photo %d cannot be read: %s", photo_id, error)
            return None

    def put(self, photo_id: PhotoId, query: str, model_key: str, look: ModelAnswer) -> None:
        """Keep it in the place of an older one, unless the photo is gone meanwhile."""
        if self._read_only:
            return
        boxes = look.boxes_xyxy
        boxes_json = None if boxes is None else json.dumps([box.as_tuple() for box in boxes])
        row = (photo_id, folded(query), model_key, look.yes, look.mass, boxes_json, now())
        try:
            # REPLACE gives a new rowid, so that the order of rowids is that of the looks.
            with self._db.writing() as connection:
                connection.execute(
                    """INSERT OR REPLACE INTO looks
                           (photo_id, query, model_key, yes, mass, boxes_json, seen_at)
                       SELECT ?, ?, ?, ?, ?, ?, ? WHERE EXISTS
                           (SELECT 1 FROM photos WHERE id = ?)""",
                    (*row, photo_id),
                )
            self._prune()
        except EngineError as error:
            log.info("a look at photo %d cannot be kept: %s", photo_id, error)

    def _prune(self) -> None:
        """Delete the oldest, many at once, when there may be too many."""
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
