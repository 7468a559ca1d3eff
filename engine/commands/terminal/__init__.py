"""What all commands share: console output, tables, types of arguments."""
