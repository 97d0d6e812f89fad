"""Ostiary, a self-hosted identity provider: its version, and how often its processes look for garbage."""

import gc

__version__ = "0.1.0"

# Python's own number (700) is for small programs: a quarter of the time of a start went into looking through what
# modules are made of, none of which is garbage. Requests leave next to nothing behind that only the collector finds.
gc.set_threshold(20_000, 10, 5)
