"""(2) Bytes become upright pixels."""
