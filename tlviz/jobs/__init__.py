"""What a worker executes, and how it reports: one module for each kind of job."""
