"""The benchmarks behind ``make bench`` and docs/figures.md. Most compare with a peer."""
