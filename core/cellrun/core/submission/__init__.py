"""From a config to a run: what to run, what goes along, what can be refused."""

from cellrun.core.environments.last_library import look_there_last

look_there_last()  # as for environments: a job may submit as well
