"""The same pages and scores on Dask; the core does not know it."""
