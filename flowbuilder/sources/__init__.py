"""Sources: the addresses and keys by which suppliers post leads; and their pages."""
