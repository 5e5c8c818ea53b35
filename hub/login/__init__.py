"""Login and logout, as users and providers start them."""
