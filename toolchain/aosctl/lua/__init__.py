"""Lua as text: its syntax, names and files, and the lines they end up on. Nothing runs here."""
