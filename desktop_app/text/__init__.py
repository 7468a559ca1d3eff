"""Every sentence that people read in the window, one module a subject."""
