"""Published weights: read in the formats they come in, fitted to our networks, fetched by name, written for others."""
