"""(11) Writes hits to files."""
