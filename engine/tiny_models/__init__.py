"""Models of the real architectures with random weights, for tests and benchmarks."""
