"""What a person sees while the lab works."""


def say(text):
    """Print TEXT at once, also into a pipe."""
    print(text, flush=True)


def spell_duration(seconds):
    """Seconds as m:ss."""
    minutes, seconds = divmod(int(seconds), 60)
    return f"{minutes}:{seconds:02}"
