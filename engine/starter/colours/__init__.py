"""Colour names, in queries and in photos."""
