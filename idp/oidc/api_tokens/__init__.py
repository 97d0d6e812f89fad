"""
Tokens that people make for one API each, for programs of their own (ADR 54).

They are asked about at introspection only: no other endpoint knows them. `standing` says what one is good for now.
"""
