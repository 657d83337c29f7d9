"""One row to play with in JupyterLab."""
