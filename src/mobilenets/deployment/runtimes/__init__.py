"""The runtimes an artefact may be for, one file each."""
