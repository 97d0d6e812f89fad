"""Contextual access: who may sign in from where, with what, when. Pure; rules and recorded context in, outcome out."""
