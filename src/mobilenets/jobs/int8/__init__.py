"""`mobilenets export --precision int8`: calibrated on the user's photographs, measured on held-out ones."""
