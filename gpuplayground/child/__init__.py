"""Child processes: their events and input, the watcher, and leftover processes."""
