"""What must be handed in, by whom, by when, and how it stands."""
