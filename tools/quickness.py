"""Prints how many microseconds this interpreter takes for a loop of plain Python, the best of some rounds."""

import time

ROUNDS = 20


def loop() -> None:
    """Do what programs do most: look up, add, make small things."""
    seen: dict[int, int] = {}
    for number in range(50_000):
        seen[number % 97] = number
        _pair = (number, seen[number % 97] + number)


def took() -> float:
    """Return the processor's seconds of one round."""
    begun = time.process_time()
    loop()
    return time.process_time() - begun


if __name__ == "__main__":
    print(round(min(took() for _ in range(ROUNDS)) * 1_000_000))
