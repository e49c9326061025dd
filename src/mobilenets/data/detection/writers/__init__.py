"""The files of each layout, without the photographs."""
