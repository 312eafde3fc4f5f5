{% load static %}// Keeps the look of the pages and what was read last, for a line that is cut.
"use strict";
const LOOK = "me-look-2";
const READ = "me-read-1";
const SCOPE = "{% url 'me' %}";
const OUT = "{% url 'me-in' %}";
const AWAY = "{% url 'me-away' %}";
const NEVER = ["{% url 'me-in' %}", "{% url 'me' %}at/", "{% url 'me' %}visit/", "{% url 'me' %}label/"];
const FILES = [
  AWAY,
  "{% static 'css/tokens.css' %}",
  "{% static 'css/base.css' %}",
  "{% static 'css/me.css' %}",
  "{% static 'css/me_cards.css' %}",
  "{% static 'js/me.js' %}",
  "{% static 'favicon.svg' %}",
];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(LOOK).then((look) => look.addAll(FILES)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = (names) => names.filter((name) => name.startsWith("me-") && ![LOOK, READ].includes(name));
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(old(names).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

const isPage = (request) => request.mode === "navigate" || request.headers.has("HX-Boosted");

async function look(request) {
  const kept = await caches.open(LOOK);
  const fresh = fetch(request).then((answer) => {
    if (answer.ok) kept.put(request, answer.clone());
    return answer;
  });
  const known = await kept.match(request);
  if (!known) return fresh;
  fresh.catch(() => {});
  return known;
}

// What was read last says itself that it is old: its mark is turned.
async function old(known) {
  const page = (await known.text()).replace('data-old="no"', 'data-old="yes"');
  return new Response(page, { headers: { "Content-Type": "text/html; charset=utf-8" } });
}

async function read(request) {
  const kept = await caches.open(READ);
  const where = new URL(request.url);
  const key = where.origin + where.pathname;
  try {
    const answer = await fetch(request);
    const ended = new URL(answer.url);
    // Whoever is signed out leaves nothing behind.
    if (ended.pathname === OUT) await caches.delete(READ);
    else if (answer.ok && !answer.redirected && !where.search) await kept.put(key, answer.clone());
    return answer;
  } catch (error) {
    const known = (await kept.match(key)) ?? (await caches.match(AWAY));
    if (known) return old(known);
    throw error;
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== location.origin) return;
  if (request.method !== "GET") {
    // Signed out by a form: whatever was read goes at once.
    if (pathname === "{% url 'me-out' %}" || pathname === "{% url 'me-switch' %}") event.waitUntil(caches.delete(READ));
    return;
  }
  if (pathname.startsWith("{% static '' %}")) event.respondWith(look(request));
  else if (pathname.startsWith(SCOPE) && isPage(request) && !NEVER.some((one) => pathname.startsWith(one))) {
    event.respondWith(read(request));
  }
});
