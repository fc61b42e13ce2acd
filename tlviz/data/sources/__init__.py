"""Where images come from: folders, tables, archives, public datasets, and what ships."""
