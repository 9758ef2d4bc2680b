"""Makes this folder one package of tests, so that pytest ends its fixtures after its last test."""
