"""Store and vector index of a library on a PostgreSQL server, for many readers and indexers."""
