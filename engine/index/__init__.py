"""(6) USearch shards, derived from the store."""
