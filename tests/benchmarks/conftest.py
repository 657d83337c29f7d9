"""Benchmarks are commands, not tests."""

collect_ignore_glob = ["*.py"]
