"""Table × rules × readings → points with their interval."""
