"""Environments that are built: planned before there is a run, made once for all that wait for them, kept, removed."""
