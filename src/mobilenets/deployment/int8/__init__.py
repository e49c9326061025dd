"""A network in 8 bits: calibrated, counted, and made better where it lost too much."""
