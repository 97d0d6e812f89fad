"""Text whose octets give nothing away (X4)."""

WITHOUT_MARK = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
"""Encodings in which ASCII text is ASCII octets, and which libxml2 knows by their first octets, without a mark."""
