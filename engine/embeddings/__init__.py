"""(4) Regions and texts become vectors of one space."""
