"""A run's page in a browser: its address, the servers that show it, the private one that is started for it."""
