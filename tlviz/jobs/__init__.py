"""What a worker executes, and how it reports: one module a kind of job."""
