"""From a config to a run: what to run, what goes along, what can be refused."""

from cellrun.core.environments.fallback_library import use_fallback_library

use_fallback_library()  # as for environments: a job may submit as well
