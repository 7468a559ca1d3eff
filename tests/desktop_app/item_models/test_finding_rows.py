"""What was found of each part, in words."""

from __future__ import annotations

from pathlib import Path

from desktop_app.item_models.finding_rows import finding_rows, reason_beside_rows
from engine.records import Finding, Photo, PhotoId, QueryPlan, SearchHit, Span, Thing, Verdict

DOG = Finding("dog", Span(0, 3), 0.914, Verdict.MATCH)
BALL = Finding("ball", Span(8, 12), 0.03, Verdict.NO)
CAT = Finding("cat", Span(13, 16), 0.55, Verdict.UNSURE)


def hit(*findings: Finding, reason: str = "") -> SearchHit:
    photo = Photo(PhotoId(1), Path("/p/1.jpg"), (40, 30))
    return SearchHit(photo, 1.0, None, Verdict.UNSURE, 0.5, reason, findings=findings)


def test_each_part_says_what_was_found():
    rows = finding_rows(hit(DOG, BALL, CAT), None)
    assert [str(row) for row in rows] == [
        "✓ dog: 91 %",
        "✗ ball: not found",
        "? cat: perhaps, 55 %",
    ]


def test_one_part_is_left_to_the_reason():
    assert finding_rows(hit(DOG), None) == ()


def test_a_part_that_must_not_be_there_is_seen_or_not_seen():
    plan = QueryPlan("without leash", "", (Thing(("leash",), Span(0, 13), excluded=True),))

    def note(verdict: Verdict, probability: float) -> str:
        finding = Finding("without leash", Span(0, 13), probability, verdict)
        return finding_rows(hit(finding), plan)[0].note

    assert note(Verdict.MATCH, 0.02) == "not seen"
    assert note(Verdict.NO, 0.97) == "seen, 97 %"
    assert note(Verdict.UNSURE, 0.4) == "perhaps there, 40 %"


def test_unverified_parts_claim_nothing():
    one = Finding("dog", Span(0, 3), 0.9, Verdict.UNVERIFIED)
    assert [row.note for row in finding_rows(hit(one, one), None)] == ["", ""]


def test_a_reason_is_shown_beside_the_rows_unless_it_repeats_them():
    assert reason_beside_rows(hit(DOG, BALL, reason="dog: outlined, 91 %; ball: not found.")) == ""
    assert reason_beside_rows(hit(DOG, BALL, reason="A toy stands there.")) == "A toy stands there."
