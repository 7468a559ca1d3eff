"""The tables of words: lists by hand, names of emoji, names from wordnets, inflected forms."""
