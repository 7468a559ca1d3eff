"""Step (1): finds photo files that were added, changed, moved or deleted."""
