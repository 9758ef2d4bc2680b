"""Sweeps: one script, run with many hyperparameters, of which those that promise least are stopped early."""
