"""The commands of ``pickout-cli``, a module each: what it takes and what it does."""
