"""(11) Hits become files."""
