"""Recordings of GPU samples on disk: writing, reading, checking, replaying."""
