"""(4) Embeds photos, regions and texts in one vector space."""
