"""What is wrong with something that claims to come from a process of the shop."""


class NotTrusted(Exception):
    """A signature is missing, wrong, too old or was seen before. The message says which."""
