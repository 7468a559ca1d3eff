"""Colours, icons, and how photos with outlines are painted."""
