"""Copies of a library's database: made, checked, counted, and put back."""
