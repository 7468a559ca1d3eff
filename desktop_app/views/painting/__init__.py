"""Colours, icons, and painting of photos and outlines."""
