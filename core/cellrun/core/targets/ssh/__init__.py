"""One machine of one's own, by ssh."""
