"""The machinery under the tests: private servers, databases, processes."""
