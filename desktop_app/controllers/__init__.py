"""What the window does: searches, folders, cut-outs; no widgets."""
