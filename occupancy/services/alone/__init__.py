"""What a bridge may give by itself, and what is made of it when it is back."""
