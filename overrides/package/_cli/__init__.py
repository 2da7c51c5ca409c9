"""The command line: a command for each operation of the specification. It needs cyclopts."""
