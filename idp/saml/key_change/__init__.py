"""Changing the keys that a site signs with: when, in which steps, and by which jobs."""
