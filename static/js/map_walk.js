// Arrow keys walk from door to door as they stand; past a bank's edge they go on to the next bank.
const AHEAD = {
  ArrowRight: ([dx, dy]) => [dx, dy],
  ArrowLeft: ([dx, dy]) => [-dx, dy],
  ArrowDown: ([dx, dy]) => [dy, dx],
  ArrowUp: ([dx, dy]) => [-dy, dx],
};

const middle = (door) => [door.place.x + door.place.w / 2, door.place.y + door.place.h / 2];

function nearest(from, candidates, turn) {
  const [x, y] = middle(from);
  let best = null;
  let shortest = Infinity;
  for (const door of candidates) {
    const [toX, toY] = middle(door);
    const [ahead, aside] = turn([toX - x, toY - y]);
    if (door === from || ahead < 4) continue;
    // Straight on counts more than near: a column is walked down before the next one.
    const far = ahead + Math.abs(aside) * 3;
    if (far < shortest) [best, shortest] = [door, far];
  }
  return best;
}

export function neighbour(key, from, banks, doors) {
  const turn = AHEAD[key];
  const inBank = (bank) => bank.doors.map((shape) => doors.get(shape.id));
  const here = banks.findIndex((bank) => bank.id === from.bank);
  const found = nearest(from, inBank(banks[here]), turn);
  if (found) return found;
  const step = key === "ArrowRight" || key === "ArrowDown" ? 1 : -1;
  for (let at = here + step; banks[at]; at += step) {
    if (banks[at].doors.length) {
      const row = inBank(banks[at]);
      const edge = step > 0 ? Math.min : Math.max;
      const x = edge(...row.map((door) => door.place.x));
      const height = middle(from)[1];
      return row
        .filter((door) => door.place.x === x)
        .sort((a, b) => Math.abs(middle(a)[1] - height) - Math.abs(middle(b)[1] - height))[0];
    }
  }
  return null;
}
