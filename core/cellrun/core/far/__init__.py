"""A machine elsewhere: the program that answers there, what it is sent, and the link to it. Standard library only."""
