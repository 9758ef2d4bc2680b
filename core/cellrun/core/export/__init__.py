"""A run's cell as a folder of its own, which needs no cellrun: what is written, and by what."""
