"""The web side of Flowbuilder: pages, APIs, tables and the command line."""
