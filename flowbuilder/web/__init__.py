"""What all pages share: the session, fragments, headers, assets, and words in templates."""
