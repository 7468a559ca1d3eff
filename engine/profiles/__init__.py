"""Profiles: which models index photos and answer queries."""
