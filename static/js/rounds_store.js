// What waits to be sent, kept in the browser: it survives a reload, a restart and an empty battery.
const NAME = "lockwright-rounds";
const ENTRIES = "entries";
let opened;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => {
      const entries = asked.result.createObjectStore(ENTRIES, { keyPath: "n", autoIncrement: true });
      entries.createIndex("entry", "entry", { unique: true });
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  return opened;
}

async function run(mode, work) {
  const store = await open();
  return new Promise((resolve, reject) => {
    const turn = store.transaction(ENTRIES, mode, { durability: "strict" });
    const asked = work(turn.objectStore(ENTRIES));
    // Only when it is written down is it kept.
    turn.oncomplete = () => resolve(asked.result);
    turn.onabort = turn.onerror = () => reject(turn.error ?? asked.error);
  });
}

export const add = (entry) => run("readwrite", (entries) => entries.add(entry));
export const put = (entry) => run("readwrite", (entries) => entries.put(entry));
export const remove = (n) => run("readwrite", (entries) => entries.delete(n));
// In the order in which they were entered.
export const all = () => run("readonly", (entries) => entries.getAll());
