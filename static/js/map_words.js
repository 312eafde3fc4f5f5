// The page's words, translated by the server, with {names} filled in.
const words = JSON.parse(document.getElementById("map-words").textContent);

export function say(name, values = {}) {
  return String(words[name]).replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
}

export const stateWord = (state) => words.states[state] ?? state;

// One door in words: what a screen reader, a title and the list all say.
export function describe(door) {
  const { shape, now } = door;
  const parts = [stateWord(now.state)];
  if (now.reason) parts.push(words.reasons[now.reason] ?? now.reason);
  if (now.state !== now.has && now.has && now.has !== "free") parts.push(stateWord(now.has));
  if (now.door === "open") parts.push(words.doors.open);
  parts.push(shape.size);
  for (const mark of shape.marks) parts.push(words.marks[mark]);
  if (shape.lock) parts.push(words.locks[shape.lock]);
  return parts.join(", ");
}

export const doorWord = (state) => words.doors[state] ?? state;
export const markWords = (door) => door.shape.marks.map((mark) => words.marks[mark]).join(", ");
export const reasonWord = (reason) => words.reasons[reason] ?? "";
