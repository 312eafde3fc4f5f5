"""The demonstration: a believable estate, its people and their past two weeks."""
