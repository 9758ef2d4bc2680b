"""Pipelines: steps, each a run, in the order that their data tells."""
