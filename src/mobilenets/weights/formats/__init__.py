"""One file a format: bytes in, `Found` out. None needs the framework that wrote the file."""
