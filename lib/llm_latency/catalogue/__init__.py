"""Numbers from outside: devices, models, their configuration files, and what others measured."""
