"""Detection: which things stand in a photograph, and where (section 4.6)."""
