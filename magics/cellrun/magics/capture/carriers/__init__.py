"""The carriers: one for each kind of thing that is captured, all with the verbs of `carrier.py`."""
