"use strict";
// The bot's own search, over the index that each policy's file adds: stems, topics, rare words first.
// A word that is in no text is replaced by its stem, or else by the nearest word within one typing error.

const ENOUGH = 0.5; // share of the query's weight that a clause must reach when none has every word
const UNKNOWN = 1; // weight of a word that is in no clause
const SHORTEST = 5; // letters of a word that may be corrected
const MOST = 20; // maximum results shown for a policy
// The endings that French stems leave off, longest first.
const ENDINGS = (
  "issements issement atrices atrice ateurs ateur ations ation ements ement euses euse ements ables able " +
  "istes iste ismes isme ences ence ances ance ments ment ives ive ions ion eurs eur ites ite ees ee ent ant " +
  "ants ante antes er ers ez es e s ir is it ons ait aient era eront iez eux x al ale ales aux te tes"
).split(" ");

const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const split = (text) => fold(text).match(/[\p{L}\p{N}]+/gu) ?? [];

/** Return the number of typing errors between two words, 2 for two or more. */
function slips(one, other) {
  if (one === other) return 0;
  if (Math.abs(one.length - other.length) > 1) return 2;
  let start = 0;
  while (start < one.length && one[start] === other[start]) start += 1;
  let end = 0;
  const room = Math.min(one.length, other.length) - start;
  while (end < room && one.at(-1 - end) === other.at(-1 - end)) end += 1;
  const left = one.slice(start, one.length - end);
  const right = other.slice(start, other.length - end);
  if (left.length <= 1 && right.length <= 1) return 1;
  return left.length === 2 && right.length === 2 && left[0] === right[1] && left[1] === right[0] ? 1 : 2;
}

/** Return the stems of a word or, if it has a typing error, those of the nearest word. */
function stems(policy, word) {
  if (Object.hasOwn(policy.words, word)) return policy.words[word];
  if (Object.hasOwn(policy.places, word)) return [word];
  for (let length = word.length - 1; length >= 3; length -= 1) {
    const start = word.slice(0, length);
    if (Object.hasOwn(policy.places, start) && ENDINGS.includes(word.slice(length))) return [start];
  }
  if (word.length < SHORTEST) return [];
  let best = [];
  let least = Infinity;
  for (const known of Object.keys(policy.words)) {
    if (known.length < SHORTEST - 1 || slips(word, known) !== 1) continue;
    // The first letter is rarely wrong, and a missing or extra letter is likelier than a wrong letter.
    const cost = (known[0] === word[0] ? 0 : 2) + (known.length === word.length ? 0.5 : 0);
    if (cost < least) [least, best] = [cost, policy.words[known]];
  }
  return best;
}

/** Return how many words of each clause have these stems. */
function placesOf(policy, keys) {
  const found = new Map();
  for (const key of keys) {
    const own = Object.hasOwn(policy.places, key) ? policy.places[key] : [];
    for (let at = 0; at < own.length; at += 2) found.set(own[at], (found.get(own[at]) ?? 0) + own[at + 1]);
  }
  return found;
}

/** Return the words of a query in groups. The words of a topic of the policy are one group. */
function groups(policy, typed) {
  const words = [...typed];
  const result = [];
  for (const [topic, clauses] of policy.topics) {
    const at = words.findIndex((_, index) => topic.every((word, offset) => words[index + offset] === word));
    if (at === -1 || !topic.length) continue;
    const found = placesOf(policy, topic.flatMap((word) => (policy.empty.includes(word) ? [] : stems(policy, word))));
    for (const clause of clauses) found.set(clause, 0);
    result.push(found);
    words.fill("", at, at + topic.length);
  }
  for (const word of words) {
    if (word && !policy.empty.includes(word)) result.push(placesOf(policy, stems(policy, word)));
  }
  return result;
}

/** Return the clauses of a policy that have the words of a query, best first. */
function search(policy, query) {
  const scores = new Map();
  let total = 0;
  for (const found of groups(policy, split(query))) {
    const rarity = found.size ? Math.log(1 + policy.clauses.length / found.size) : UNKNOWN;
    total += rarity;
    for (const [clause, count] of found) {
      scores.set(clause, (scores.get(clause) ?? 0) + rarity * (1 + 0.1 * Math.min(count, 3)));
    }
  }
  const ranked = [...scores].sort((one, other) => other[1] - one[1] || one[0] - other[0]);
  const whole = ranked.filter(([, score]) => score >= total);
  const kept = whole.length ? whole : ranked.filter(([, score]) => score >= ENOUGH * total);
  return kept.slice(0, MOST).map(([clause]) => policy.clauses[clause]);
}

/** Return the provisions that have the typed number: « 5.10 », « article 5 », « titre III ». */
function numbered(policy, query) {
  const plain = fold(query).replace(/\s+/g, " ").trim().replace(/(\d),(\d)/g, "$1.$2");
  const number = plain.replace(/^(?:clause|article|art\.?|n[o°]) ?/, "").replace(/ (?:en )?(?:19|20)\d\d$/, "");
  // « que disait 5.13 en 2016 » is about 5.13, as in chat.
  const asked = [plain, number, ...(plain.match(/\d+(?:\.\d+)+/g) ?? [])];
  const bear = ([written, label]) =>
    [written, label].some((each) => asked.includes(fold(each).replace(/\s+/g, " ")));
  const today = [...policy.clauses, ...policy.parts].filter(bear);
  // If a year is typed, its words come before today's.
  const year = Number(plain.match(/\b(?:19|20)\d\d\b/)?.[0]);
  const then = policy.others.filter(([, , , , , since, last]) => since <= year && year <= last).filter(bear);
  const dated = ([written, label, path, heading, text]) =>
    text ? [written, label, path, "aujourd'hui", text] : [written, label, path, heading];
  return then.length ? [...then, ...today.map(dated)] : today;
}

/** Return the policies that the query names, or all of them, each with the clauses found. */
function results(query) {
  const plain = fold(query);
  const named = politiques.filter((policy) => policy.names.some((name) => plain.includes(fold(name))));
  return (named.length ? named : politiques)
    .map((policy) => {
      const rest = policy.names.reduce((text, name) => text.replaceAll(fold(name), " "), plain);
      const exact = numbered(policy, rest);
      const asked = rest.replace(/[\s:,]/g, "") ? rest : "";
      return { policy, clauses: exact.length ? exact : search(policy, asked) };
    })
    .filter(({ clauses }) => clauses.length);
}

function show(query) {
  const found = query.trim() ? results(query) : [];
  const list = document.querySelector("#resultats");
  list.replaceChildren();
  for (const { policy, clauses } of found) {
    const title = document.createElement("h2");
    title.textContent = policy.title;
    const entries = document.createElement("ol");
    for (const [, label, path, heading, text = ""] of clauses) {
      const entry = document.createElement("li");
      const link = document.createElement("a");
      link.href = path;
      link.textContent = heading ? `${label}\u00a0: ${heading}` : label;
      const words = document.createElement("p");
      words.textContent = text.length > 240 ? `${text.slice(0, 240).replace(/\s+\S*$/, "")}…` : text;
      entry.append(link, words);
      entries.append(entry);
    }
    list.append(title, entries);
  }
  const count = found.reduce((sum, { clauses }) => sum + clauses.length, 0);
  const says = { 0: "Rien ne répond à ces mots. Essayez-en d'autres.", 1: "Une clause." };
  document.querySelector("#combien").textContent = query.trim() ? (says[count] ?? `${count} clauses.`) : "";
}

const field = document.querySelector("#mots");
if (field) {
  document.querySelector("#chercher").hidden = false;
  field.value = new URLSearchParams(location.search).get("q") ?? "";
  field.addEventListener("input", () => {
    show(field.value);
    history.replaceState(null, "", field.value ? `?q=${encodeURIComponent(field.value)}` : location.pathname);
  });
  show(field.value);
}
