"""Controllers run the library's operations for the window and report by signals; no widgets."""
