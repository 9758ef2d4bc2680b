"""Runs that start other runs: a pipeline's, a sweep's. Their own job is a small process that drives their children."""
