"""The binary layouts of what is kept of a photo's regions, and the way to them."""
