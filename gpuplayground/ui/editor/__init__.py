"""The code editor and its tabs."""
