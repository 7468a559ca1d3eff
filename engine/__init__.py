"""Pickout's engine: finds things in photos. No window, no network."""
