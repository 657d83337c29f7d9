"""Files and forms become one checked table."""
