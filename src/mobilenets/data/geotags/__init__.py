"""Where photographs were taken: coordinates in tables and in EXIF."""
