"""When nobody can tell who somebody is."""


class LoginUnknown(Exception):
    """A credential came, and whom it proves cannot be told at the moment."""
