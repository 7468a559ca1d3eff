"""Which regions of a photo can be selected, and which ones are."""

from __future__ import annotations

from collections.abc import Sequence

from desktop_app.item_models.hit_highlight import HitHighlight
from engine.records import UNSTORED, Region, RegionId


class RegionSelection:
    """The regions of one photo and the ids of the selected ones.

    Attributes:
        regions: all regions that can be selected.
        highlight: what the hit highlights; its region is selected at first.
    """

    def __init__(self, highlight: HitHighlight | None = None) -> None:
        self.highlight = highlight or HitHighlight()
        self.regions: tuple[Region, ...] = self.highlight.matching
        self._ids: list[RegionId] = self.highlight.ids

    @property
    def selected(self) -> list[Region]:
        """The selected regions in the order of selection."""
        by_id = {region.id: region for region in self.regions}
        return [by_id[region_id] for region_id in self._ids if region_id in by_id]

    def select(self, region_id: RegionId | None, *, add: bool = False) -> bool:
        """Select a region, None for none; True if the selection has changed.

        Args:
            add: keep the other selected regions, and deselect the region if it is selected.
        """
        before = list(self._ids)
        if region_id is None:
            self._ids = self._ids if add else []
        elif not add:
            self._ids = [region_id]
        elif region_id in self._ids:
            self._ids = [r for r in self._ids if r != region_id]
        else:
            self._ids = [*self._ids, region_id]
        return self._ids != before

    def set_stored(self, stored: Sequence[Region]) -> None:
        """Take over the stored regions; selected regions that are not among them stay."""
        regions = self.highlight.selectable(stored)
        known = {region.id for region in regions}
        kept = [r for r in self.regions if r.id in self._ids and r.id not in known]
        self.regions = (*regions, *kept)

    def set_highlight(self, highlight: HitHighlight) -> bool:
        """Replace the highlight; True if the selection has changed.

        The highlighted region becomes the selection unless the selection has been changed before.
        """
        selection_unchanged = self._ids == self.highlight.ids
        self.highlight = highlight
        # An unstored region of the previous highlight exists nowhere else and is dropped.
        self.regions = highlight.selectable([r for r in self.regions if r.id != UNSTORED])
        known = {region.id for region in self.regions}
        region = highlight.region
        if region is not None and not known.issuperset(highlight.ids):
            self.regions = (*(r for r in self.regions if r.id != region.id), region)
        remaining = [i for i in self._ids if i != UNSTORED or highlight.is_unstored]
        before, self._ids = self._ids, highlight.ids if selection_unchanged else remaining
        return self._ids != before

    @property
    def matching(self) -> tuple[Region, ...]:
        """Everything that matches the query, best first."""
        return self.highlight.matching

    @property
    def match_at(self) -> int | None:
        """Which of ``matching`` is selected; None if another selection was made."""
        for at, region in enumerate(self.matching):
            if set(self._ids) == set(self.highlight.ids_of(region)):
                return at
        return None

    @property
    def unselected_matches(self) -> list[Region]:
        """Those of ``matching`` that are not a part of the selection."""
        chosen = set(self._ids)
        return [r for r in self.matching if not chosen.issuperset(self.highlight.ids_of(r))]

    def step_match(self, step: int) -> bool:
        """Select the next (1) or the previous (-1) match, around the end; True if it changed."""
        if not self.matching:
            return False
        at = self.match_at
        if at is None:
            at = -1 if step > 0 else 0
        following = self.matching[(at + step) % len(self.matching)]
        before, self._ids = self._ids, self.highlight.ids_of(following)
        return self._ids != before

    def neighbour(self, step: int) -> RegionId | None:
        """The region ``step`` places after the last selected one; None beyond the ends."""
        order = [region.id for region in self.regions]
        at = order.index(self._ids[-1]) if self._ids and order else -1
        following = at + step
        return order[following] if 0 <= following < len(order) else None
