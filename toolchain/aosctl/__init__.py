"""Run, prove and deploy Lua processes for AO."""
