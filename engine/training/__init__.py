"""Fits the starter models. Running them does not need this package."""
