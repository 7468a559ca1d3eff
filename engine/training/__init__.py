"""Fits the starter models. Nothing here is needed to run them."""
