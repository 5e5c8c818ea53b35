"""Who this browser is, and which tokens the hub holds for it: values, their encryption, and the doors to Redis."""
