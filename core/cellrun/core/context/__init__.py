"""A captured context: what a submitted cell got from its notebook. One format, one reader.

`context.json` in the run's folder names it all; the values themselves are pickles in the workspace's value store.
"""
