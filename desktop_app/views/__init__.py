"""Widgets; they show and ask, controllers decide."""
