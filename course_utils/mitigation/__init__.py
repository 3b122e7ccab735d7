"""Part IV, mitigating collapse: every sampler is a `transformers.LogitsProcessor`."""
