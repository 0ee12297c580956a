"""Processes, and the world in which they send one another messages."""
