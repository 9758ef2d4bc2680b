"""Where data is kept (datastores, their secrets), and how it comes and goes."""

from cellrun.core.environments.last_library import look_there_last

look_there_last()  # for fsspec, as for environments
