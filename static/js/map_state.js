// What the map knows: the drawing it was given, and what the server last said of every door.
export const UNKNOWN = { state: "offline", door: "unknown" };

export const map = {
  plan: null,
  banks: [],
  doors: new Map(),
  old: false, // the server or its database is away: what was true is not known now
  near: false, // drawn large, each with its word
  listed: false, // the list exists; it is made when somebody first looks at it
  filter: new Set(),
  number: "",
  selected: null,
};

export const byId = (id) => document.getElementById(id);

// What the plan draws; a door that stays keeps what is known of it.
export function take(plan, name) {
  const before = map.doors;
  map.plan = name;
  map.banks = plan.banks;
  map.doors = new Map();
  map.selected = null;
  for (const bank of plan.banks) {
    for (const shape of bank.doors) {
      map.doors.set(shape.id, { shape, bank: bank.id, now: before.get(shape.id)?.now ?? UNKNOWN });
    }
  }
}
