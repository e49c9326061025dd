"""`mobilenets weights`: published weights listed, fetched, shown, and converted to checkpoints and others' layouts."""
