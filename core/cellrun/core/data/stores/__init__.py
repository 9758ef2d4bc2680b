"""Where data is kept: datastores, a workspace's by name, their secrets, how files come and go."""
