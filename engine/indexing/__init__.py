"""Drives one photo, and the queue, from file to index."""
