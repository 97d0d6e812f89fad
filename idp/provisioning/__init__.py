"""Directories of others that write into ours, and systems that ours writes to. It signs nobody in."""
