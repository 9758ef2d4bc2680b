"""The user's own modules: which these are, what their sources tell, and whether what is loaded is what they say."""
