"""What buyers intend to buy."""
