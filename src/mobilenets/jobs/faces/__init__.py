"""What is done with embeddings: two photographs compared, a threshold set for that, a folder searched."""
