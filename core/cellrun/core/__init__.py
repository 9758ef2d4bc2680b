"""The run model of cellrun."""
