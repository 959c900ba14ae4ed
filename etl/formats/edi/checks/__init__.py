"""What is wrong with a buffer, each fault with its exact position."""
