"""Paths that a cell names: how one is found, decided and carried.

Found: `in_source` reads code, of which `expressions` takes apart what puts a path together, commands included;
`in_values` looks through values and tables; plain texts of the code are candidates, too.
Decided: `files` asks of each whether it is there, beside the notebook or above it; a text with wildcards is a
pattern (`patterns`), and stands for what it fits. What is small is copied; what is large, or secret by its name, is
linked; what the cell may change through a program or a library is a copy made when the run starts.
Carried: `shipment` has the copies, local modules among them, and says in which folder the cell runs for them;
`links` has the links, and which of them the run's place doesn't have.
"""
