"""Part I, what temperature does: softmax and entropy, from scratch."""
