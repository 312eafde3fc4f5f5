// The page's words, translated by the server, with {names} filled in.
const words = JSON.parse(document.getElementById("map-words").textContent);
const { zone } = document.getElementById("map-config").dataset;
const { lang } = document.documentElement;
const clock = new Intl.DateTimeFormat(lang, { timeZone: zone, hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(lang, {
  timeZone: zone, weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit",
});
const DAY = 86_400_000;

export function say(name, values = {}) {
  return String(words[name]).replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
}

export const stateWord = (state) => words.states[state] ?? state;
export const doorWord = (state) => words.doors[state] ?? state;

// When it ends, as the clocks at the site say it.
function until({ now }) {
  if (!now.until) return "";
  const end = new Date(now.until);
  const text = Math.abs(end - Date.now()) < DAY ? clock.format(end) : day.format(end);
  return say(now.has === "overdue" ? "was_due" : "until", { time: text });
}

// What there is to say besides the state, how the door stands and its size.
export function details(door) {
  const { shape, now } = door;
  const parts = [];
  if (now.reason) parts.push(words.reasons[now.reason] ?? now.reason);
  if (now.state !== now.has && now.has && now.has !== "free") parts.push(stateWord(now.has));
  parts.push(until(door));
  for (const mark of shape.marks) parts.push(words.marks[mark]);
  if (shape.lock) parts.push(words.locks[shape.lock]);
  return parts.filter(Boolean);
}

// One door in words: what a screen reader and the tip say.
export function describe(door) {
  const parts = [stateWord(door.now.state)];
  if (door.now.door === "open") parts.push(words.doors.open);
  return [...parts, ...details(door), door.shape.size].join(", ");
}
