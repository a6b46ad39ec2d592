"""With no key: an embedded provider that speaks the same wire format, with rules in place of a model."""
