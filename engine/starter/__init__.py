"""The built-in models: small, shipped with Pickout, no download."""
