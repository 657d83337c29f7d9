"""Why not more, and what would it take."""
