"""What brings things from a notebook to a run: one carrier per kind of thing, all with the verbs find, check, pack."""
