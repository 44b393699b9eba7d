"""What a decision about a route costs, by how many routes there are."""
