"""Presenters connect the controllers with the views."""
