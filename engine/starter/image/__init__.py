"""Photos: backbone features, masks, features of regions."""
