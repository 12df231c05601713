"""The benchmark page: progress and result of a benchmark."""
