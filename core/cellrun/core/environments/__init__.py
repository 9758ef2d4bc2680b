"""The Python that a run runs in, and what cellrun brings along for it."""

from cellrun.core.environments.fallback_library import use_fallback_library

use_fallback_library()  # whoever reads and builds environments needs packages that a bare Python hasn't got
