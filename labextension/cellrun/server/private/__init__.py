"""The server behind a portal link: one's own, on loopback, for as long as somebody looks."""
