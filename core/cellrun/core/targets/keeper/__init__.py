"""The keeper: one process of this user's that brings home what runs elsewhere write, whoever looks or doesn't."""
