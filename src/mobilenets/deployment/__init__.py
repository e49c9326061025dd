"""What ships: the network folded with its preprocessing, exported to a runtime, verified there, in an artefact."""
