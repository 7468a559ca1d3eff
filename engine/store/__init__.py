"""(5) SQLite, the truth."""
