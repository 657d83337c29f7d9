"""Fuzzing is a command, no test."""

collect_ignore_glob = ["*.py"]
