"""Ray as a target: jobs of a cluster of somebody's, by its Jobs API over HTTP. Nothing of Ray's is imported."""
