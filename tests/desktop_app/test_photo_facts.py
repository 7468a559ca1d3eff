"""What is known about a photo, in the inspector."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop_app.text import photo_text
from engine.records import DateSource, Photo, PhotoId, PhotoMetadata
from tests.desktop_app.conftest import DEADLINE_MS, opens
from tests.desktop_app.memory_library import MemoryLibrary

PHOTO = Photo(PhotoId(1), Path("/photos/a.jpg"), (4000, 3000), size_bytes=2_000_000)
EVERYTHING = PhotoMetadata(
    taken_at="2019-07-04T10:11:12",
    zone="-05:30",
    date_source=DateSource.EXIF,
    camera="Canon EOS 80D",
    lens="EF50mm f/1.8 STM",
    exposure_s=0.004,
    f_number=2.8,
    iso=100,
    focal_mm=50.0,
    latitude=48.8584,
    longitude=2.2945,
    rating=4,
    label="Red",
    title="Tower",
    caption="Two\nlines",
    keywords=("holiday", "Paris"),
    people=("Anna", "Bo"),
)


def dated(at: str, until: str | None = None) -> Photo:
    return Photo(PhotoId(1), Path("/photos/a.jpg"), (4, 3), taken_at=at, taken_until=until)


def test_only_what_is_known_is_listed() -> None:
    names = [name for name, _ in photo_text.facts(PHOTO, PhotoMetadata())]
    assert names == ["Taken", "Size", "File", "Folder"]


def test_everything_that_is_known_is_listed() -> None:
    facts = dict(photo_text.facts(dated("2019-07-04T10:11:12"), EVERYTHING))
    assert facts["Taken"] == "2019-07-04, 10:11 (-05:30)"
    assert facts["Exposure"] == "1/250 s, f/2.8, ISO 100, 50 mm"
    assert facts["Place"] == "48.8584° N, 2.2945° E"
    assert (facts["Rating"], facts["Label"], facts["Title"]) == ("★★★★", "Red", "Tower")
    assert (facts["Caption"], facts["Keywords"]) == ("Two lines", "holiday, Paris")
    assert (facts["People"], facts["Lens"]) == ("Anna, Bo", "EF50mm f/1.8 STM")


@pytest.mark.parametrize(
    ("photo", "source", "taken", "guess"),
    [
        (
            dated("2019-07-04T10:11:12"),
            DateSource.NAME,
            "2019-07-04, 10:11",
            "its name, so a guess",
        ),
        (dated("2019-07-04"), DateSource.NAME, "2019-07-04", "its name, so a guess"),
        (dated("2019-07-01", "2019-07-31"), DateSource.FOLDER, "2019-07", "the folder, so a guess"),
        (dated("2019-01-01", "2019-12-31"), DateSource.FOLDER, "2019", "the folder, so a guess"),
        (dated("2019-07-01", "2019-07-31"), DateSource.XMP, "2019-07", None),
        (PHOTO, None, "Date unknown", None),
    ],
)
def test_a_guessed_date_says_so(
    photo: Photo, source: DateSource | None, taken: str, guess: str | None
) -> None:
    facts = dict(photo_text.facts(photo, PhotoMetadata(date_source=source)))
    assert (facts["Taken"], facts.get("Date from")) == (taken, guess)


def test_the_inspector_follows_the_current_photo(
    open_desktop, memory: MemoryLibrary, qtbot
) -> None:
    first, second = memory.photos.page(2)
    memory.metadata = {first.id: EVERYTHING}
    desktop = open_desktop(open_library=opens(memory))
    qtbot.waitUntil(lambda: desktop.presenter.model.rowCount() > 1, timeout=DEADLINE_MS)
    facts = desktop.window.inspector.facts
    desktop.presenter.results.grid.go_to(0)
    qtbot.waitUntil(lambda: facts.facts().get("Keywords") == "holiday, Paris", timeout=DEADLINE_MS)
    desktop.presenter.results.grid.go_to(1)
    assert "Keywords" not in facts.facts()
    assert facts.facts()["Folder"] == str(second.path.parent)
