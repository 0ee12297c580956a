"""Scenarios: what a bundle's `smoke.toml` wants to see, and what was seen."""
