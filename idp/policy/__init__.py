"""Decisions: frozen values in, an answer out. Stored policies are rows; deciding needs none."""
