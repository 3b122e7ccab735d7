# On Colab this installs the course. Everywhere else it does nothing.
import importlib.util
import subprocess
import sys

on_colab = "google.colab" in sys.modules
if on_colab and importlib.util.find_spec("course_utils") is None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet"]
    course = "git+https://github.com/{{slug}}"
    subprocess.run([*pip, "jaxtyping"], check=True)
    subprocess.run([*pip, "--no-deps", course], check=True)
    importlib.invalidate_caches()
