"""What there is to see: pictures, and contrast as the guidelines measure it."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Page

# For a page's own script: contrast(a, b) of two colours as the browser computes them, and
# ground(element), the colour that its text stands on.
CONTRAST = """
  const parse = (color) => {
    const [r, g, b, alpha = 1] = color.match(/-?[\\d.]+(?:e-?\\d+)?/g).map(Number);
    return (color.startsWith("color(") ? [r * 255, g * 255, b * 255] : [r, g, b]).concat(alpha);
  };
  const channel = (value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r / 255) + 0.7152 * channel(g / 255)
    + 0.0722 * channel(b / 255);
  const contrast = (one, other) => {
    const [a, b] = [light(parse(one)), light(parse(other))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const ground = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (parse(color)[3] === 1) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const written = (one) =>
    [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const isFaint = (one) => contrast(getComputedStyle(one).color, ground(one))
    < (parseFloat(getComputedStyle(one).fontSize) >= 24 ? 3 : 4.5);
"""

# All words that can be seen and are too faint for what they stand on.
FAINT_WORDS = (
    "() => {"
    + CONTRAST
    + """
  return [...document.querySelectorAll("body *:not(svg *, script)")]
    .filter((one) => one.checkVisibility() && !one.closest(".skip, .visually-hidden"))
    .filter((one) => written(one) && isFaint(one))
    .map((one) => one.outerHTML.slice(0, 80));
}"""
)


def look(page: Page, name: str) -> None:
    """Keep a picture where somebody asked for one."""
    if folder := os.environ.get("LOCKWRIGHT_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png")
