"""The built-in models: small, shipped, nothing to download."""
