"""Reranking: a vision language model says whether a photo shows the query, and where."""
