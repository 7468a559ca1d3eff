"""Plans as JSON."""

from __future__ import annotations

import json
from datetime import date

from engine.query.parser import QueryParser
from engine.query.plan_json import to_json
from tests.fakes.query_vocabulary import SmallVocabulary

PARSER = QueryParser(SmallVocabulary(), today=lambda: date(2024, 10, 9))


def test_every_kind_of_part():
    text = 'two small dogs on a sofa "so cute" -cat beach, before 2015, 3+ stars, xyzzy'
    plan = json.loads(json.dumps(to_json(PARSER.parse(text))))
    assert plan["text"] == text
    assert plan["language"] == "en"
    assert plan["things"][0] == {
        "names": ["small dog"],
        "count": {"least": 2, "most": None},
        "places": ["small"],
        "excluded": False,
        "span": [0, 14],
    }
    assert plan["things"][2]["excluded"] is True
    assert plan["relations"] == [
        {"relation": "on", "subject": 0, "objects": [1], "span": [15, 17]},
    ]
    assert [one["kind"] for one in plan["filters"]] == ["date", "rating"]
    assert plan["filters"][0]["value"] == {"first": None, "last": "2014-12-31"}
    assert plan["filters"][1]["value"] == {"least": 3.0, "most": None}
    assert {one["reason"] for one in plan["plain"]} == {"quoted", "not understood"}


def test_a_scene():
    assert to_json(PARSER.parse("no beach"))["scenes"] == [
        {"names": ["beach"], "excluded": True, "span": [0, 8]},
    ]
