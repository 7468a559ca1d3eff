"""Reads queries: text becomes a plan (``engine.records.QueryPlan``)."""
