"""A run's data: where its code finds it, brought before it, delivered after it."""
