"""The operators of the flow language: those of JSON-logic, those of the rule builder, those that shape a value."""
