"""(3) A photo becomes masks of the things in it."""
