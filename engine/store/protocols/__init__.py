"""Protocols of single tables; ``engine.store.store`` has the others."""
