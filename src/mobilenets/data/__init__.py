"""Images in: where photographs are, what is known of them, and their pixels."""
