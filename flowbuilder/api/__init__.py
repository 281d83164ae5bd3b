"""The management API: everything the pages do, for programs, through the same operations."""
