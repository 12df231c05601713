"""Child processes: starting, feeding, watching and ending one."""
