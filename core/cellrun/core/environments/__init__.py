"""The Python that a run runs in, and what cellrun brings along for it."""

from cellrun.core.environments.last_library import look_there_last

look_there_last()  # whoever reads and builds environments needs packages that a bare Python hasn't got
