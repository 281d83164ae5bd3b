"""What the one who runs it needs: keys and their rotation, and checks that say what is wrong."""
