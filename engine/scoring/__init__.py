"""How well a photo answers a query: protocols of the scorers and verifiers."""
