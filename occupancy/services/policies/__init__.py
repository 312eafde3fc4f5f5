"""What the rules are and say: kept, judged, explained, looked at before they are saved."""
