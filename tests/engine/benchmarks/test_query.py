"""The plans of the query benchmark have as many parts as they say."""

from __future__ import annotations

from datetime import date

import pytest

from engine.benchmarks import query
from engine.query.parser import QueryParser
from tests.fakes.query_vocabulary import SmallVocabulary


@pytest.mark.parametrize(
    ("parts", "text"), [(parts, text) for parts, texts in query.PLANS.items() for text in texts]
)
def test_number_of_parts(parts, text):
    plan = QueryParser(SmallVocabulary(), today=lambda: date(2024, 5, 1)).parse(text)
    found = [*plan.things, *plan.relations, *plan.scenes, *plan.filters, *plan.plain]
    assert len(found) == parts
