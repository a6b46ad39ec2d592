"""What the provider holds: rules, prices, a mirror of its cache, and where to put breakpoints."""
