"""Values that a run gives back."""
