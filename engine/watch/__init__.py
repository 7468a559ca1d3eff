"""(1) Photo files appear, change, move and vanish."""
