"""The full profile: SAM 2.1 finds things, Alpha-CLIP compares them with words."""
