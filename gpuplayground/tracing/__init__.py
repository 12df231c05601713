"""Joins CUPTI records with statements and writes Chrome traces."""
