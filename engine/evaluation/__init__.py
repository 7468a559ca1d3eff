"""Metrics and benchmarks that anyone can run."""
