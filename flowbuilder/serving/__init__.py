"""Running it: the process tree of `flowbuilder serve`, its parts, and dumps of the database."""
