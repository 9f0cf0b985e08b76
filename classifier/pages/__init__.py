"""What people look at: pictures of how images were cut."""
