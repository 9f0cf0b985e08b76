"""The command line's other half: options to arguments, the terminal, rows and reports, a file a command."""
