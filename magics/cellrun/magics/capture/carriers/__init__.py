"""The carriers: one per kind of thing that is captured, all with the verbs find, check, pack."""
