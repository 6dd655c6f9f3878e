"""An ordinary upstream on this machine: SmolLM2-135M for chat and MiniLM for embeddings, both from wheels."""
