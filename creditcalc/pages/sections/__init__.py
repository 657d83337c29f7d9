"""The frames of a page and what is said of them, a file for each heading."""
