"""What people do on their own phone. Views ask here; nothing below knows of a page."""
