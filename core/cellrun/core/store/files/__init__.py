"""A run's files: its outputs, its snapshot and its log, read without following links."""
