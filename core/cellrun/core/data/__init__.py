"""Where data is kept (datastores, their secrets), and how it comes and goes."""

from cellrun.core.environments.fallback_library import use_fallback_library

use_fallback_library()  # for fsspec, as for environments
