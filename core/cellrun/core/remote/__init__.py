"""A remote machine: the agent that runs there, how it is started, and the link to it. Standard library only."""
