"""Shared by the commands: console output, tables, argument types, JSON files."""
