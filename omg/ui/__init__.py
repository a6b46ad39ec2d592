"""What a person sees: front ends fed by events."""
