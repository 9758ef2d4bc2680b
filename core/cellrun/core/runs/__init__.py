"""One run and what can be done with it: its verbs, its watching, its kinds."""
