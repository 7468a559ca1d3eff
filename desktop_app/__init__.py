"""The window. Talks to ``engine.library.Library`` alone and never touches models or SQL."""
