"""The catalogue of an account: fields that its flows have in common, and names in leads that nobody reads."""
