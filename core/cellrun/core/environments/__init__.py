"""The Python that a run runs in, and what cellrun brings along for it."""
