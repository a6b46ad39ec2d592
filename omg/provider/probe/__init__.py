"""Ask a real provider about its cache rules, for a few cents, where the documents leave them open."""
