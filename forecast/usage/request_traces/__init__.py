"""Request traces from files: who sent what when, and with which prompt prefix."""
