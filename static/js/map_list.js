// The same map as a table, for a screen reader or whoever likes lists better.
import { details, doorWord, say, stateWord } from "./map_words.js";

const cell = (row, text, tag = "td") => {
  const node = document.createElement(tag);
  node.textContent = text;
  row.append(node);
  return node;
};

export function listBank(bank, doors) {
  const heads = [say("list_number"), say("list_state"), say("list_door"), say("list_size"), say("list_more")];
  const table = document.createElement("table");
  table.className = "list";
  table.dataset.bank = bank.id;
  const caption = table.createCaption();
  caption.textContent = [say("bank", { name: bank.name }), bank.area].filter(Boolean).join(" · ");
  bank.caption = document.createElement("b");
  if (bank.now?.fault) bank.caption.textContent = ` · ${say("fault")}`;
  caption.append(bank.caption);
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
    button.setAttribute("aria-label", say("door", { number: shape.number }));
    first.append(button);
    const badge = document.createElement("span");
    cell(door.row, "").append(badge);
    cell(door.row, "");
    cell(door.row, shape.size);
    cell(door.row, "");
  }
  return table;
}

export function listDoor(door) {
  const { now, row } = door;
  const badge = row.cells[1].firstChild;
  badge.className = `badge is-${now.state}`;
  badge.textContent = stateWord(now.state);
  row.cells[2].textContent = doorWord(now.door);
  row.cells[4].textContent = details(door).join(", ");
}
