"""The doctor's window: what works on this machine, what does not, and how to fix it."""
