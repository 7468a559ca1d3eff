"""Words of seven languages: what they are in English, how they are spelt, which language it is."""
