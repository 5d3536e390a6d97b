// The chat: the current persona and conversation (in the address, « #persona/conversation »), the stream
// of events, and the log. The server renders every message. Nothing here turns text into markup.

import { composer } from "./composer.js";
import { openWindow } from "./window.js";

const CONVERSATIONS = {
  vigie: { name: "Vigie", topic: "Conversation privée. Écrivez un numéro, quelques mots ou une question, ou tapez / pour voir les commandes." },
  general: { name: "#général", topic: "Tout le monde lit ce canal. Les réponses à vos commandes ne sont vues que de vous." },
};
const PATIENCE = 250; // ms before we show that an answer is being written
const EXPECTED = 5_000; // ms during which messages may come from an advanced clock
const AT_END = 80; // px from the end of the log within which the reader counts as following it
const HOUR = { hour: "numeric", minute: "2-digit" };
const clock = new Intl.DateTimeFormat("fr-CA", HOUR);
const dated = new Intl.DateTimeFormat("fr-CA", { day: "numeric", month: "short", ...HOUR });
const full = new Intl.DateTimeFormat("fr-CA", { weekday: "long", day: "numeric", month: "long", ...HOUR });

const $ = (id) => document.getElementById(id);
const log = $("log");
const about = { personas: [], starters: {}, shortcuts: [] };
let ahead = 0; // ms that the sandbox's clock is ahead of this one
let expectedUntil = 0; // until then, the log scrolls to new messages, which the clock caused
let since = ""; // set by the first state: a reloaded page gets none of the earlier fleeting messages
const entries = new Map();
let read = {}; // « persona/conversation » → the last entry read there
const awaited = new Set(); // the identifiers of the answers to this page's actions
const view = { persona: "", conversation: "" };

// ---- Visibility ----

const persona = (id) => about.personas.find((each) => each.id === id);
const isIn = (entry, who, conversation) =>
  conversation === "general" ? !entry.owner && (!entry.only || entry.only === who) : entry.owner === who;
const inView = (entry) => isIn(entry, view.persona, view.conversation);

function unread(who, conversation) {
  const mark = read[`${who}/${conversation}`] ?? 0;
  let count = 0;
  for (const entry of entries.values()) {
    if (entry.id > mark && entry.author !== who && isIn(entry, who, conversation)) count += 1;
  }
  return count;
}

// ---- The time ----

const now = () => new Date(Date.now() + ahead);
const isToday = (date) => date.toDateString() === now().toDateString();

/** Show the sandbox's time, and write again the time of each message, in case the date changed. */
function showTime() {
  $("now").textContent = inFull(now());
  for (const time of log.querySelectorAll("time")) time.textContent = timeOf(new Date(time.dateTime));
}

const timeOf = (date) => (isToday(date) ? clock.format(date) : withFirst(dated.format(date)));

/** Write « 1er » for the first of a month, which `Intl` does not. */
const withFirst = (words) => words.replace(/(^|\s)1(?=\s\p{L}{2})/u, "$11er");
const inFull = (date) => withFirst(full.format(date));

/** Set the sandbox's time. */
function setTime(at) {
  ahead = new Date(at) - Date.now();
  showTime();
}

setInterval(showTime, 10_000);

$("time").addEventListener("click", async ({ target }) => {
  const { to } = target.closest("[data-to]")?.dataset ?? {};
  if (!to) return;
  try {
    expectedUntil = Date.now() + EXPECTED;
    const { at } = await post("clock", { to }); // each page's time is set by an event, since this answer may come later than the next one
    status(at ? `Nous sommes le ${inFull(new Date(at))}.` : "Rien n'attend d'être remis.", true);
  } catch (error) {
    status(error instanceof TypeError ? "Le bac à sable ne répond pas\u00a0: l'horloge n'a pas bougé." : error.message);
  }
  closePanel();
});

// ---- The address ----

const address = (who, conversation) => `#${who}/${conversation}`;
const place = () => `${view.persona}/${view.conversation}`;
const drafts = new Map(); // unsent texts of other conversations, by place

function readAddress() {
  const [who, conversation] = decodeURIComponent(location.hash.slice(1)).split("/");
  view.persona = (persona(who) ?? about.personas[0]).id;
  view.conversation = conversation in CONVERSATIONS ? conversation : "vigie";
}

function changeView() {
  if (!about.personas.length) return;
  const before = place();
  readAddress();
  if (place() !== before) {
    drafts.set(before, message.draft());
    message.put(drafts.get(place()) ?? "");
  }
  status("");
  showFrame();
  showLog();
}

// ---- The frame: conversations, personas, title ----

function make(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

function avatar(who) {
  const node = make("span", `avatar ${who}`);
  node.setAttribute("aria-hidden", "true");
  if (who === "vigie") {
    node.innerHTML = '<svg><use href="#i-vigie"/></svg>';
  } else {
    node.textContent = persona(who).name[0];
  }
  return node;
}

function counter(count) {
  const words = count === 1 ? " message non lu" : " messages non lus";
  return make("span", "count", String(count), make("span", "hidden", words));
}

function link(href, isCurrent, ...children) {
  const node = make("a", "", ...children);
  node.href = href;
  if (isCurrent) node.setAttribute("aria-current", "true");
  return make("li", "", node);
}

/** Replace the links of a list without moving the focus. */
function relist(list, items) {
  const focused = list.contains(document.activeElement) ? document.activeElement.hash : "";
  list.replaceChildren(...items);
  if (focused) [...list.querySelectorAll("a")].find((each) => each.hash === focused)?.focus();
}

function showFrame() {
  const { name, topic } = CONVERSATIONS[view.conversation];
  const me = persona(view.persona);
  $("title").textContent = name;
  $("topic").textContent = topic;
  document.title = `${name}, ${me.name}, bac à sable`;

  relist($("conversations"), Object.entries(CONVERSATIONS).map(([id, each]) => {
    const isCurrent = id === view.conversation;
    const count = isCurrent ? 0 : unread(view.persona, id);
    const mark = id === "vigie" ? avatar("vigie") : make("span", "hash", "#");
    mark.setAttribute("aria-hidden", "true");
    const label = make("span", "name", id === "vigie" ? each.name : each.name.slice(1));
    return link(address(view.persona, id), isCurrent, mark, label, ...(count ? [counter(count)] : []));
  }));

  let elsewhere = 0;
  relist($("personas"), about.personas.map((each) => {
    const isCurrent = each.id === view.persona;
    const count = isCurrent ? 0 : unread(each.id, "vigie") + unread(each.id, "general");
    elsewhere += count;
    const label = make("span", "name", each.name, make("span", "hidden", ", "), make("span", "role", each.role));
    return link(address(each.id, view.conversation), isCurrent, avatar(each.id), label, ...(count ? [counter(count)] : []));
  }));

  const who = $("who");
  who.querySelector(".avatar").replaceWith(avatar(view.persona));
  who.querySelector(".who-name").textContent = me.name;
  who.querySelector(".dot").hidden = !elsewhere;
  $("attach").hidden = view.conversation !== "vigie";
  message.placeholder(view.conversation === "vigie" ? `Écrire à ${CONVERSATIONS.vigie.name}` : "Écrire dans #général");
}

// ---- The log ----

/** Return the article that shows `entry`. */
function article(entry) {
  const node = $("entry").content.firstElementChild.cloneNode(true);
  const isBot = entry.author === "vigie";
  const part = (selector) => node.querySelector(selector);

  node.dataset.id = entry.id;
  node.tabIndex = -1;
  node.classList.toggle("private", entry.fleeting);
  node.setAttribute("aria-labelledby", `author-${entry.id}`);
  part(".avatar").replaceWith(avatar(entry.author));
  part(".author").id = `author-${entry.id}`;
  part(".author").textContent = isBot ? CONVERSATIONS.vigie.name : persona(entry.author).name;
  part("time").textContent = timeOf(new Date(entry.at));
  part("time").dateTime = entry.at;
  if (!entry.fleeting) part(".only").remove();
  if (entry.asked) part(".asked").append("En réponse à ", make("code", "", entry.asked));
  else part(".asked").remove();
  part(".body").innerHTML = entry.html; // escaped by the server: see ../render.py
  if (view.conversation !== "general" || !about.shortcuts.length) part(".more").remove();
  else part(".more").setAttribute("aria-label", `Actions sur le message de ${part(".author").textContent}`);
  return node;
}

const shown = (id) => log.querySelector(`[data-id="${id}"]`);

function showLog() {
  log.setAttribute("aria-live", "off"); // do not announce old messages
  log.replaceChildren();
  const visible = [...entries.values()].filter(inView);
  if (view.conversation === "vigie" && !visible.length) log.append(welcome());
  log.append(...visible.map(article));
  showStarters();
  const last = log.querySelector(".entry:last-of-type");
  if (last) showFrom(last, true);
  markRead();
  requestAnimationFrame(() => requestAnimationFrame(() => log.setAttribute("aria-live", "polite")));
}

function welcome() {
  const title = make("h3", "", "Bonjour! Je cite la politique, mot pour mot.");
  const words = make("p", "", "Un numéro, un mot ou une question\u00a0: je réponds par la clause, son article et sa date.");
  return make("div", "welcome", avatar("vigie"), title, words);
}

/** Show examples to try, until the persona does something. */
function showStarters() {
  const isNew = ![...entries.values()].some((e) => inView(e) && (e.author === view.persona || e.only));
  log.querySelector(".starters")?.remove();
  if (!isNew) return;
  const buttons = about.starters[view.conversation].map((line) => {
    const button = make("button", "starter", line);
    button.type = "button";
    button.addEventListener("click", () => say(line));
    return button;
  });
  log.append(make("div", "starters", make("p", "", "Pour commencer\u00a0:"), ...buttons));
}

/** Show a new or changed message. */
function showEntry(entry) {
  const before = shown(entry.id);
  const wasAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < AT_END;
  const node = article(entry);
  if (before) {
    const focused = before.contains(document.activeElement) ? document.activeElement.textContent : null;
    before.replaceWith(node);
    if (focused !== null) focusAgain(node, focused);
    showFrom(node);
  } else {
    log.querySelector(".welcome")?.remove();
    log.append(node);
    showStarters();
    if (wasAtEnd || Date.now() < expectedUntil || entry.author === view.persona || awaited.has(entry.id)) showFrom(node, true);
  }
}

/** Scroll to show a whole message or, if it does not fit, its beginning. */
function showFrom(node, atEnd = false) {
  const top = node.offsetTop - 8;
  if (node.offsetHeight + 16 > log.clientHeight || top < log.scrollTop) log.scrollTop = top;
  else if (atEnd) log.scrollTop = Math.min(top, log.scrollHeight); // examples may follow it
  else node.scrollIntoView({ block: "nearest" });
}

/** After a button changed its message, focus the button with the same name, ticked or not, else the message. */
function focusAgain(node, label) {
  const name = (text) => text.replace(" (coché)", "");
  const same = [...node.querySelectorAll("button")].find((each) => name(each.textContent) === name(label));
  (same ?? node).focus({ preventScroll: true });
}

function markRead() {
  const last = Math.max(0, ...[...entries.values()].filter(inView).map((entry) => entry.id));
  if (document.hidden || last <= (read[place()] ?? 0)) return;
  read[place()] = last;
  post("read", { entry: last }).catch(() => {});
}

// ---- Events ----

let stream;

function follow() {
  stream?.close();
  stream = new EventSource(`/api/events?${new URLSearchParams({ since })}`);
  stream.onmessage = ({ data }) => happen[(JSON.parse(data)).type]?.(JSON.parse(data));
  stream.onerror = () => status("Le bac à sable ne répond plus. Redémarrez-le\u00a0: cette page se reconnectera seule.");
}

const happen = {
  hello(event) {
    for (const each of [$("brand"), $("sender")]) each.textContent = event.bot;
    CONVERSATIONS.vigie.name = event.bot;
    Object.assign(about, { personas: event.personas, starters: event.starters, shortcuts: event.shortcuts });
    $("time").hidden = !event.clock.movable;
    setTime(event.clock.at);
    status("");
  },
  state(event) {
    read = event.read;
    since = event.since;
    const isSame = JSON.stringify([...entries.values()]) === JSON.stringify(event.entries);
    entries.clear();
    for (const entry of event.entries) entries.set(entry.id, entry);
    readAddress();
    showFrame();
    if (!isSame) showLog(); // otherwise the page only reconnected, so keep its scroll position
    document.documentElement.dataset.ready = "";
  },
  entry({ entry }) {
    entries.set(entry.id, entry);
    if (inView(entry)) {
      if (entry.author === "vigie") status("");
      showEntry(entry);
      markRead();
    }
    showFrame();
  },
  clock: ({ at }) => setTime(at),
  read(event) {
    read[event.place] = Math.max(read[event.place] ?? 0, event.id);
    showFrame();
  },
};

// A browser allows few connections to one host, so a hidden page closes its own.
document.addEventListener("visibilitychange", () => (document.hidden ? stream?.close() : follow()));

// ---- Actions ----

let waiting = 0;

function status(words, isQuiet = false) {
  clearTimeout(waiting);
  $("status").textContent = words;
  $("status").classList.toggle("quiet", isQuiet);
}

async function post(action, body) {
  const response = await fetch(`/api/${action}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...view, ...body }),
  });
  if (!response.ok) {
    const isOurs = response.status < 500 && response.headers.get("Content-Type")?.startsWith("text/plain");
    throw new Error(isOurs ? await response.text() : "Pardon, quelque chose s'est brisé. Réessayez dans un moment.");
  }
  return response.json();
}

/** Send an action and show its answer or form, with a status while it is slow. Return whether it was sent. */
async function act(action, body) {
  status("");
  waiting = setTimeout(() => status(`${CONVERSATIONS.vigie.name} écrit…`, true), PATIENCE);
  try {
    const { form, entry } = await post(action, body);
    status("");
    log.querySelector(".starters")?.remove();
    awaitEntry(entry);
    if (form) openWindow(form, async (fields, file) => {
      const joined = file && { name: file.name, content: await base64(file) };
      const answer = await post("submit", { command: form.command, fields, ...(joined && { file: joined }) });
      if (!answer.problems) awaitEntry(answer.entry);
      return answer.problems;
    });
    return true;
  } catch (error) {
    const isOffline = error instanceof TypeError;
    status(isOffline ? "Le bac à sable ne répond pas\u00a0: rien n'a été envoyé." : error.message);
    return false;
  }
}

// One byte more than the server accepts: enough for it to refuse a larger file.
const BEYOND = 8 * 1024 * 1024 + 1;

/** Return the beginning of a file in base64: the whole file, if it is small enough to be accepted. */
const base64 = (file) => new Promise((done, fail) => {
  const reader = new FileReader();
  reader.onload = () => done(reader.result.split(",")[1] ?? "");
  reader.onerror = () => fail(new Error("Ce fichier n'a pas pu être lu."));
  reader.readAsDataURL(file.slice(0, BEYOND));
});

/** Scroll to the answer to an action, now or when it arrives. */
function awaitEntry(id) {
  awaited.add(id);
  if (shown(id)) showFrom(shown(id), true);
}

const say = (text) => act("say", { text });

/** Send a file to the bot, only in the private conversation with it. */
async function drop(file) {
  if (!file || view.conversation !== "vigie") return;
  status(`${CONVERSATIONS.vigie.name} lit le fichier…`, true);
  const query = new URLSearchParams({ persona: view.persona, name: file.name });
  try {
    const response = await fetch(`/api/drop?${query}`, { method: "POST", body: file });
    status(response.ok ? "" : "Ce fichier n'a pas pu être pris. Réessayez dans un moment.");
    if (response.ok) awaitEntry((await response.json()).entry);
  } catch {
    status("Le bac à sable ne répond pas\u00a0: rien n'a été envoyé.");
  }
}

$("file").addEventListener("change", async ({ target }) => {
  await drop(target.files[0]);
  target.value = ""; // so that the same file can be dropped again
});
for (const type of ["dragover", "drop"]) {
  addEventListener(type, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault(); // otherwise the browser leaves the page to open the file
    if (type === "drop") drop(event.dataTransfer.files[0]);
  });
}

const message = composer({ form: $("composer"), box: $("saisie"), list: $("options"), say, place: () => view });

log.addEventListener("click", ({ target }) => {
  const entry = Number(target.closest("[data-id]")?.dataset.id);
  const button = target.closest("[data-command]");
  const more = target.closest(".more");
  if (button) act("press", { entry, command: button.dataset.command });
  if (more) openMenu(more, entry);
});

/** Open a message's context menu beside its button. */
function openMenu(button, entry) {
  const menu = $("menu");
  menu.replaceChildren(...about.shortcuts.map(({ label, command }) => {
    const item = make("button", "", label);
    item.type = "button";
    item.role = "menuitem";
    item.addEventListener("click", () => {
      menu.hidePopover();
      act("shortcut", { entry, command });
    });
    return item;
  }));
  menu.showPopover({ source: button });
  const at = button.getBoundingClientRect();
  const below = at.bottom + 4;
  const fits = below + menu.offsetHeight < innerHeight - 8;
  menu.style.left = `${Math.max(8, at.right - menu.offsetWidth)}px`;
  menu.style.top = `${fits ? below : at.top - menu.offsetHeight - 4}px`;
  menu.querySelector("button").focus();
}

$("menu").addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "Tab") $("menu").hidePopover();
  if (!step && event.key !== "Tab") return;
  event.preventDefault();
  const items = [...$("menu").children];
  if (step) items.at((items.indexOf(document.activeElement) + step) % items.length).focus();
});

log.addEventListener("scroll", () => $("menu").matches(":popover-open") && $("menu").hidePopover());

$("skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address is reserved for the conversation
  message.focus();
});

// A click on a conversation moves the focus to its input. With the keyboard, the focus stays in the list.
$("conversations").addEventListener("click", ({ detail }) => {
  if (detail && matchMedia("(pointer: fine)").matches) message.focus();
});

const closePanel = () => $("panel").matches(":popover-open") && $("panel").hidePopover();
$("personas").addEventListener("click", closePanel);
matchMedia("(min-width: 52rem)").addEventListener("change", closePanel);

addEventListener("hashchange", changeView);
follow();
if (matchMedia("(pointer: fine)").matches) message.focus();
