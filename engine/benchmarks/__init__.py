"""Speed and memory, one module a benchmark."""
