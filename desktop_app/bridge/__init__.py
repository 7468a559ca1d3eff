"""Between the engine's threads and Qt's event loop."""
