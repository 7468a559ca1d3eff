"""The facade: the one object that the window and the command line hold."""

from engine.library.library import Library

__all__ = ["Library"]
