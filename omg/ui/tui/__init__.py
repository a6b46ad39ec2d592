"""The terminal UI, on Textual."""
