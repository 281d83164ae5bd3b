"""What goes out to a buyer and what comes back: a mapped request from a lead, a typed answer from a reply."""
