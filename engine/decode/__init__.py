"""(2) Decodes photo files into upright pixels and metadata."""
