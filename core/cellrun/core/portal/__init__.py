"""A run's page in a browser: the servers that show it, and the private one that is started for it."""
