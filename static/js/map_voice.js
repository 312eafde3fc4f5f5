// Said aloud, politely: a summary every few seconds, not each change.
import { say, stateWord } from "./map_words.js";

const EVERY = 4000;
let heard = [];
let speaking = null;

export function announce(text) {
  document.getElementById("map-announce").textContent = text;
}

export function summarise(changed, map) {
  heard.push(...changed);
  if (!changed.length || speaking) return;
  speaking = setTimeout(() => {
    speaking = null;
    const doors = [...new Set(heard)];
    heard = [];
    const free = map.banks.reduce((sum, bank) => sum + bank.free, 0);
    const total = map.doors.size;
    const [door] = doors;
    announce(doors.length === 1
      ? say("summary_one", { number: door.shape.number, state: stateWord(door.now.state), free, total })
      : say("summary", { count: doors.length, free, total }));
  }, EVERY);
}
