"""Queries: words, their meaning, and vectors of them."""
