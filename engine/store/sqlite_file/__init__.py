"""One SQLite file, whatever is in it: connections, errors, copies."""
