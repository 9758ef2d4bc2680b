"""From a config to a run: what to run, what goes along, what can be refused."""
