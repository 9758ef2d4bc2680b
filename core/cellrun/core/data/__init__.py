"""Where data is kept (datastores, their secrets), and how it comes and goes."""
