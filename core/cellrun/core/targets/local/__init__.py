"""The local machine as a compute target: a supervisor for each run, a queue for all of them."""
