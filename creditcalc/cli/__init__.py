"""The commands, a file for each group; nothing uses it."""
