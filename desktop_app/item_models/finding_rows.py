"""What each part of a query found in a photo, as rows for people."""

from __future__ import annotations

from dataclasses import dataclass

from desktop_app.item_models.query_parts import excluded_spans
from desktop_app.text import search_text
from engine.records import QueryPlan, SearchHit, Verdict


@dataclass(frozen=True)
class FindingRow:
    """One part of the query and what was found of it.

    Attributes:
        part: the part in words.
        note: what was found: "91 %", "perhaps, 55 %", "not found".
        verdict: gives the symbol.
    """

    part: str
    note: str
    verdict: Verdict

    def __str__(self) -> str:
        """In one line, with a symbol: for tool tips."""
        words = f"{self.part}: {self.note}" if self.note else self.part
        return f"{search_text.VERDICT_SYMBOLS[self.verdict]} {words}"


def finding_rows(hit: SearchHit, plan: QueryPlan | None) -> tuple[FindingRow, ...]:
    """A row a finding; empty if there is only one, which the hit's reason says already."""
    excluded = excluded_spans(plan)
    if len(hit.findings) < 2 and not any(one.span in excluded for one in hit.findings):
        return ()
    return tuple(
        FindingRow(
            one.part,
            search_text.found(one.verdict, one.probability, excluded=one.span in excluded),
            one.verdict,
        )
        for one in hit.findings
    )


def reason_beside_rows(hit: SearchHit) -> str:
    """The hit's reason; empty if it names every part, so that the rows say the same."""
    return "" if all(one.part in hit.reason for one in hit.findings) else hit.reason
