"""An app that makes one instance fail or dawdle, as a file says while everything runs."""
