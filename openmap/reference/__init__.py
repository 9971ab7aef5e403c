"""The vocabulary that every room uses: territories, trades and their activities, kinds of structure, labels."""
