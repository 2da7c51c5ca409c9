"""The pipeline beneath every operation. Private: what it offers is reached through the client."""
