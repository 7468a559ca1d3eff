"""One score for a query plan: counts, places and relations of regions, fused with its terms."""
