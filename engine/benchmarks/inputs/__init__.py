"""Photos and libraries that benchmarks make."""
