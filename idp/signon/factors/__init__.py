"""Factors: how something is proven. One file each."""
