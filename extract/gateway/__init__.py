"""The one door from outside: nginx that follows the registry without ever being reloaded."""
