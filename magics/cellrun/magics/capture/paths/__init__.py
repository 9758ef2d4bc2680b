"""Paths that a cell names: how one is found, decided and carried.

Found: `in_source` reads code, and `expressions` takes apart what puts a path together there, commands included;
any text of the code, of its scripts, and of values and tables (`words.texts_in`) may be a path, too.
Decided: `files` asks of each whether it is there, beside the notebook or above it; a text with wildcards is a
pattern (`patterns`) and stands for what it fits. What is small is copied; what is large, or secret by its name, is
linked; of that, what the cell may change through a program or a library is copied when the run starts.
Carried: `shipment` has copies, local modules among them, and links, says which of these the run's place doesn't have,
and in which folder the cell runs for its paths. `carrier` does all that for a capture, in this order.
"""
