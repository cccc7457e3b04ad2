"""Papers that an official writes from the municipality's own templates and text blocks, filed as they leave."""
