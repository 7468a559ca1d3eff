"""Names of colours, in queries and in photos."""
