"""How values are echoed, as the notebook's settings say: set before a cell runs, read by what runs it."""

from __future__ import annotations

interactivity = "last_expr"
"""Which statements are echoed, as IPython's `ast_node_interactivity` says it."""
always_by_ipython = False
"""Whether the notebook has settings of its own for how values are printed, which only IPython knows."""
