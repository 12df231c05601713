"""Environments that the application makes with uv: planned, built beside the old one, verified, listed, removed."""
