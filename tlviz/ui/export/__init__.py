"""The Export page's room: formats as cards, the job that makes and checks them, its report."""
