"""Part III, detecting collapse: plain functions of generations, small reports."""
