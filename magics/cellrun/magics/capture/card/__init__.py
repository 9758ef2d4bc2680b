"""The capture card, `%%submit --dry`: what a cell needs, what of it can't be captured, what to do about it."""
