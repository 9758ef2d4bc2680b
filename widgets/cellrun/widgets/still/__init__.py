"""A still of a run's view: what a notebook shows where nothing runs."""
