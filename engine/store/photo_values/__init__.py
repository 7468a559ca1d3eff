"""How values of photos are kept in columns and looked up."""
