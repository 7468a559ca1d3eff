"""Text tables of an evaluation's figures."""

from __future__ import annotations

from engine.evaluation import attribute_queries, caption_retrieval, relation_queries
from engine.evaluation.evaluation import EvaluationResult
from engine.evaluation.reranking_figures import RerankingFigures
from engine.evaluation.vocabulary import PROMISED_WITHIN
from engine.evaluation.vocabulary_figures import (
    VocabularyFigures,
    mean_difference,
    within_tolerance,
)

WORST = 5


def table(result: EvaluationResult) -> str:
    """The main figures, one a line."""
    rows = [
        ("photos", str(result.photos)),
        ("not indexed", str(result.not_indexed)),
        ("queries", str(result.queries)),
        ("profile", result.profile),
        ("image mAP@50", _figure(result.image_map_at_50, ".3f")),
        ("object mAP@50, IoU 0.5", _figure(result.object_map_at_50_iou50, ".3f")),
        ("mask recall, 20 masks", _figure(result.mask_recall_iou50_at_20, ".3f")),
        ("mask recall, 50 masks", _figure(result.mask_recall_iou50_at_50, ".3f")),
        ("seconds a photo", _figure(result.seconds_per_photo, ".2f")),
        ("query, ms (median)", _figure(result.query_ms_p50, ".1f")),
        ("verdict AUROC", _figure(result.verdict_auroc, ".3f")),
        ("verdict ECE", _figure(result.verdict_ece, ".3f")),
    ]
    return _lines(rows)


def query_tables(result: EvaluationResult) -> list[str]:
    """One table for each of sentences, relations and colours that was requested."""
    tables = []
    if result.captions is not None:
        tables.append(caption_retrieval.table(result.captions))
    if result.relations is not None:
        tables.append(relation_queries.table(result.relations))
    if result.attributes is not None:
        tables.append(attribute_queries.table(result.attributes))
    return tables


def reranking_table(figures: RerankingFigures) -> str:
    """Figures without and with reranking, and the time it took."""
    rows = [
        ("image mAP@50", figures.image_map_at_50_before, figures.image_map_at_50),
        (
            "object mAP@50, IoU 0.5",
            figures.object_map_at_50_iou50_before,
            figures.object_map_at_50_iou50,
        ),
        ("verdict AUROC", figures.verdict_auroc_before, figures.verdict_auroc),
    ]
    wide = max(len(label) for label, *_ in rows)
    lines = [f"{'second look':<{wide}}  without it     with it"]
    for label, before, after in rows:
        lines.append(f"{label:<{wide}}  {_figure(before, '.3f'):>10}  {_figure(after, '.3f'):>10}")
    seconds = _figure(figures.seconds_per_look, ".2f")
    lines.append(
        f"{figures.model}: the first {figures.looked_at_per_query} hits of each query, "
        f"{figures.looks} looks of {seconds} s, {figures.unanswered} without an answer."
    )
    return "\n".join(lines)


def worst_table(result: EvaluationResult) -> str:
    """The categories with the lowest image AP, since a mean hides them."""
    worst = sorted(result.per_category, key=lambda category: category.image_ap_at_50)[:WORST]
    wide = max(len(category.name) for category in worst)
    rows = [
        f"{category.name:<{wide}}  {category.photos:>6}  {category.image_ap_at_50:>8.3f}"
        f"  {category.object_ap_at_50_iou50:>9.3f}"
        for category in worst
    ]
    head = f"{'worst':<{wide}}  photos  image AP  object AP"
    return "\n".join([head, *rows])


def vocabulary_table(words: VocabularyFigures) -> str:
    """Synonyms, one a line, and the verdicts on present and absent things."""
    lines = []
    if words.synonyms:
        wide = max(len(pair.word) for pair in words.synonyms)
        named = max(len("category"), *(len(pair.category) for pair in words.synonyms))
        lines.append(f"{'word':<{wide}}  {'category':<{named}}  its AP  word AP  difference")
        lines += [
            f"{pair.word:<{wide}}  {pair.category:<{named}}"
            f"  {pair.category_image_ap_at_50:>6.3f}  {pair.image_ap_at_50:>7.3f}"
            f"  {pair.difference:>+10.3f}"
            for pair in words.synonyms
        ]
        lines.append("")
    within = sum(map(within_tolerance, words.promised))
    rows = [
        ("other names, mean difference", _figure(mean_difference(words.synonyms), "+.3f")),
        ("promised names, mean difference", _figure(mean_difference(words.promised), "+.3f")),
        (f"promised names within {PROMISED_WITHIN}", f"{within} of {len(words.promised)}"),
        ("absent: first hits declined", _figure(words.absent_first_declined, ".1%")),
        ("absent: first 5 hits declined", _figure(words.absent_first_5_declined, ".1%")),
        ("present: first hits called a match", _figure(words.present_first_matched, ".1%")),
        ("present: such matches that are right", _figure(words.present_first_matched_right, ".1%")),
    ]
    lines.append(_lines(rows))
    if words.absent_matched:
        lines.append(f"absent, yet called a match: {', '.join(words.absent_matched)}")
    return "\n".join(lines)


def _figure(value: float | None, form: str) -> str:
    return "not rated" if value is None else format(value, form)


def _lines(rows: list[tuple[str, str]]) -> str:
    wide = max(len(label) for label, _ in rows)
    return "\n".join(f"{label:<{wide}}  {value:>10}" for label, value in rows)
