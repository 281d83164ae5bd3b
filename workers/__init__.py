"""What runs in the background: the loop that carries leads through their flows, and everything it calls."""
