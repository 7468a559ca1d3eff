"""Comparing regions with queries: vectors, scores, probabilities."""
