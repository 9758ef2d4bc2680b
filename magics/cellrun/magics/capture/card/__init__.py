"""The capture card, `%%submit --dry`: what a cell needs, what of it can't travel, what to do about it."""
