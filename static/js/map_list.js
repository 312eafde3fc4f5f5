// The same map as a table, for a screen reader or whoever likes lists better.
import { describe, doorWord, say, stateWord } from "./map_words.js";

const cell = (row, text, tag = "td") => {
  const node = document.createElement(tag);
  node.textContent = text;
  row.append(node);
  return node;
};

export function listBank(bank, doors, heads) {
  const table = document.createElement("table");
  table.className = "list";
  table.dataset.bank = bank.id;
  const caption = table.createCaption();
  caption.textContent = [say("bank", { name: bank.name }), bank.area].filter(Boolean).join(" · ");
  const head = table.createTHead().insertRow();
  for (const text of heads) cell(head, text, "th").scope = "col";
  const body = table.createTBody();
  for (const shape of bank.doors) {
    const door = doors.get(shape.id);
    door.row = body.insertRow();
    const first = cell(door.row, "", "th");
    first.scope = "row";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "list__door";
    button.dataset.listDoor = shape.id;
    button.textContent = shape.number;
    first.append(button);
    for (let at = 1; at < heads.length; at += 1) cell(door.row, "");
  }
  return table;
}

export function listDoor(door) {
  const { now, shape, row } = door;
  row.cells[1].innerHTML = "";
  const badge = document.createElement("span");
  badge.className = `badge is-${now.state}`;
  badge.textContent = stateWord(now.state);
  row.cells[1].append(badge);
  row.cells[2].textContent = doorWord(now.door);
  row.cells[3].textContent = shape.size;
  row.cells[4].textContent = describe(door).split(", ").filter(
    (part) => ![stateWord(now.state), doorWord(now.door), shape.size].includes(part),
  ).join(", ");
}
