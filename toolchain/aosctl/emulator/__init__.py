"""The emulator: Lua processes under the rules of aos, and the world between them."""
