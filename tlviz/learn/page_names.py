"""The pages that a card or a word may lead to, by the names of their files: those of the page table."""

PAGES = (
    "overview", "models", "target", "feature_maps", "channels", "attributions", "measure", "finetune", "race",
    "compare", "runs", "export", "learn",
)  # fmt: skip
