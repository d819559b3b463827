"use strict";
// The labels of the page: unpacked after the first paint, as columns; a label is a row, most images first.

const numbers = new Intl.NumberFormat("en-US");
const number = (value) => numbers.format(value);

async function unpack(element) {
  const text = element.textContent.trim();
  let bytes;
  if (Uint8Array.fromBase64) bytes = Uint8Array.fromBase64(text);
  else {
    const raw = atob(text);
    bytes = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  }
  element.remove(); // megabytes of text that nobody needs again
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

class Labels {
  constructor(columns) {
    Object.assign(this, columns);
    this.size = this.keys.length;
    this.memberStarts = Labels.starts(this.members.counts);
    this.nearStarts = Labels.starts(this.near.counts);
    this.rows = new Map(this.keys.map((key, row) => [key, row]));
    this.lower = this.names.map((name) => name.toLowerCase());
    this.texts = this.lower.map((name, row) => this.searchable(name, row));
    this.childStarts = null;
    this.orders = new Map();
  }

  // Where the entries of each label begin, from how many each has.
  static starts(counts) {
    const starts = new Uint32Array(counts.length + 1);
    counts.forEach((count, i) => { starts[i + 1] = starts[i] + count; });
    return starts;
  }

  searchable(name, row) {
    const start = this.memberStarts[row], end = this.memberStarts[row + 1];
    const plain = this.plain[row];
    let text = plain === undefined ? name : name + "\n" + plain.toLowerCase();
    for (let i = start; i < end; i++) {
      const phrase = this.members.phrases[i].toLowerCase();
      if (phrase !== name) text += "\n" + phrase;
    }
    return text;
  }

  children(row) {
    if (!this.childStarts) {
      const counts = new Array(this.size).fill(0);
      for (const parent of this.parent) if (parent >= 0) counts[parent]++;
      this.childStarts = Labels.starts(counts);
      this.childRows = new Uint32Array(this.childStarts[this.size]);
      const next = this.childStarts.slice(0, this.size);
      this.parent.forEach((parent, child) => { if (parent >= 0) this.childRows[next[parent]++] = child; });
    }
    return this.childRows.subarray(this.childStarts[row], this.childStarts[row + 1]);
  }

  // All rows in one order; sorts are stable and rows come by images, so equal ones have the most images first.
  order(name) {
    if (!this.orders.has(name)) {
      const rows = Uint32Array.from({ length: this.size }, (_, row) => row);
      const by = {
        fewest: (a, b) => this.images[a] - this.images[b],
        sure: (a, b) => this.confidence[b] - this.confidence[a],
        unsure: (a, b) => (this.images[a] ? this.confidence[a] : 1e6) - (this.images[b] ? this.confidence[b] : 1e6),
        language: (a, b) => this.language[a] - this.language[b],
        band: (a, b) => this.band[a] - this.band[b],
      }[name];
      if (name === "name") this.sortByName(rows);
      else if (by) rows.sort((a, b) => by(a, b) || a - b);
      this.orders.set(name, rows);
    }
    return this.orders.get(name);
  }

  sortByName(rows) {
    const collator = new Intl.Collator("en");
    const names = this.names;
    rows.sort((a, b) => collator.compare(names[a], names[b]) || a - b);
  }

  // Rows that have all words of the query, the exact name first.
  find(query, band, language, order) {
    const asked = query.trim().toLowerCase().normalize("NFKC");
    const words = asked.split(/\s+/).filter(Boolean);
    const found = new Uint32Array(this.size);
    let count = 0;
    const exact = [];
    for (const row of this.order(order)) {
      if (band >= 0 && this.band[row] !== band) continue;
      if (language >= 0 && this.language[row] !== language) continue;
      if (words.length) {
        const text = this.texts[row];
        if (!words.every((word) => text.includes(word))) continue;
        if (this.lower[row] === asked) {
          exact.push(row);
          continue;
        }
      }
      found[count++] = row;
    }
    if (!exact.length) return found.subarray(0, count);
    return Uint32Array.from([...exact, ...found.subarray(0, count)]);
  }

  // How many times more often two labels meet than by chance.
  lift(row, other, both) {
    const chance = (this.images[row] / this.labelled) * (this.images[other] / this.labelled);
    return chance > 0 && this.counted > 0 ? both / this.counted / chance : 0;
  }

  link(row) {
    return "#label=" + encodeURIComponent(this.keys[row]);
  }

  picture(place) {
    const known = this.pictures[place];
    if (known !== null) return known;
    const shown = document.querySelector('img[data-picture="' + Number(place) + '"]');
    return shown ? shown.src : "";
  }
}

// An element with attributes and children; strings become text, never markup.
function make(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}
