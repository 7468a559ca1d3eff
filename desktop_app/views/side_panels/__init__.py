"""What stands left and right of the photos."""
