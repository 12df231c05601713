"""Checks the machine and its environments, and says in sentences what works and how to fix what does not."""
