"""(7)-(10) From a query to ranked hits."""
