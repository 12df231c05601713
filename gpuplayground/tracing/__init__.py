"""CUPTI records joined with statements, and Chrome traces."""
