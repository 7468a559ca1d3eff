"""Profiles: sets of models that index photos and embed queries."""
