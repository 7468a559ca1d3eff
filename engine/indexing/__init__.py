"""Indexes photos: analyses files in worker processes, writes the store and the vector index."""
