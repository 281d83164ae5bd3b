"""The panels of the kinds: each shows the settings of a step as a form, and reads them back."""
