// The vocabulary as a map: labels with near meanings lie near each other.

const SIDE = 4096; // of the map's own square
const CELLS = 64; // of its index, a side
const REACH = 14; // pixels around a pointer
const NAMES = 40; // written on the map at most
const CLOSEST = 40; // times larger than the whole

class VocabularyMap {
  constructor(labels, element, choose) {
    this.labels = labels;
    this.element = element;
    this.choose = choose;
    this.canvas = element.querySelector("canvas");
    this.tip = element.querySelector(".tip");
    this.told = element.querySelector(".told");
    this.context = this.canvas.getContext("2d");
    this.rows = [];
    for (let row = 0; row < labels.size; row++) if (labels.x[row] >= 0) this.rows.push(row);
    this.shown = null; // rows that the filters leave; all where null
    this.opened = -1;
    this.seen = false; // on the screen
    this.near = -1; // under the pointer or the keys
    this.zoom = 1;
    this.middle = [SIDE / 2, SIDE / 2];
    this.index();
    new MapHand(this);
    new ResizeObserver(() => this.resize()).observe(element);
    // Out of sight nothing is drawn: a key in the search would wait for it.
    new IntersectionObserver((seen) => {
      this.seen = seen[seen.length - 1].isIntersecting;
      if (this.seen) this.later();
    }).observe(element);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.later());
    this.resize();
  }

  // Rows by cell, so that a pointer looks at a few labels and not at all of them.
  index() {
    const { x, y } = this.labels;
    this.cells = Array.from({ length: CELLS * CELLS }, () => []);
    for (const row of this.rows) this.cells[this.cell(y[row]) * CELLS + this.cell(x[row])].push(row);
  }

  cell(value) {
    return Math.min(CELLS - 1, Math.max(0, Math.floor((value * CELLS) / SIDE)));
  }

  resize() {
    const box = this.element.getBoundingClientRect();
    this.width = Math.max(1, Math.round(box.width));
    this.height = Math.max(1, Math.round(box.height));
    this.dense = Math.min(window.devicePixelRatio || 1, 3);
    this.canvas.width = this.width * this.dense;
    this.canvas.height = this.height * this.dense;
    this.later();
  }

  later() {
    if (this.waiting || !this.seen) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.draw();
    });
  }

  get scale() {
    return ((Math.min(this.width, this.height) - 48) / SIDE) * this.zoom;
  }

  // The long side of the element shows as much of the map as the short one: points are spread over it.
  stretch() {
    return Math.max(1, (this.width - 48) / Math.max(1, this.height - 48));
  }

  screen(row) {
    const { x, y } = this.labels, scale = this.scale;
    return [
      (x[row] - this.middle[0]) * scale * this.stretch() + this.width / 2,
      (y[row] - this.middle[1]) * scale + this.height / 2,
    ];
  }

  place(left, top) {
    const scale = this.scale;
    return [
      (left - this.width / 2) / (scale * this.stretch()) + this.middle[0],
      (top - this.height / 2) / scale + this.middle[1],
    ];
  }

  radius(row) {
    const size = 1.1 + 0.85 * Math.log10(1 + this.labels.images[row]);
    const crowd = Math.min(1.7, Math.max(0.55, 2.7 - 0.45 * Math.log10(1 + this.rows.length)));
    return size * crowd * Math.min(2.2, Math.sqrt(Math.sqrt(this.zoom)));
  }

  draw() {
    const { context, labels } = this;
    const style = getComputedStyle(this.element);
    const colour = (name) => style.getPropertyValue(name).trim();
    const bands = labels.bands.map((band) => colour("--" + band));
    context.setTransform(this.dense, 0, 0, this.dense, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    const visible = [];
    for (let i = this.rows.length - 1; i >= 0; i--) {
      // The largest last: they are never hidden.
      const row = this.rows[i];
      const [left, top] = this.screen(row);
      if (left < -9 || top < -9 || left > this.width + 9 || top > this.height + 9) continue;
      const inside = !this.shown || this.shown[row];
      context.globalAlpha = inside ? 0.72 : 0.1;
      context.fillStyle = bands[labels.band[row]];
      const size = this.radius(row);
      if (size < 1.6) context.fillRect(left - size, top - size, 2 * size, 2 * size);
      else {
        context.beginPath();
        context.arc(left, top, size, 0, 2 * Math.PI);
        context.fill();
      }
      if (inside) visible.push([row, left, top]);
    }
    context.globalAlpha = 1;
    this.write(visible.reverse(), colour("--ink"), colour("--paper"));
    for (const row of new Set([this.opened, this.near])) this.ring(row, colour("--ink"));
  }

  // Names of the largest labels, where they do not run into each other.
  write(visible, ink, paper) {
    const { context } = this;
    const taken = [];
    context.font = "500 12px " + getComputedStyle(document.body).fontFamily;
    context.textBaseline = "middle";
    context.lineWidth = 3;
    context.lineJoin = "round";
    context.strokeStyle = paper;
    context.fillStyle = ink;
    const most = this.width < 500 ? NAMES / 2 : NAMES;
    for (const [row, left, top] of visible.slice(0, 3000)) {
      if (taken.length >= most) break;
      const name = this.short(row, 24);
      const start = left + this.radius(row) + 3;
      const box = [start - 4, top - 11, start + context.measureText(name).width + 4, top + 11];
      if (box[0] < 0 || box[1] < 0 || box[2] > this.width || box[3] > this.height) continue;
      if (taken.some((other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3])) continue;
      taken.push(box);
      context.strokeText(name, start, top);
      context.fillText(name, start, top);
    }
  }

  short(row, length) {
    const letters = Array.from(this.labels.names[row]);
    return letters.length > length ? letters.slice(0, length - 1).join("") + "…" : letters.join("");
  }

  ring(row, ink) {
    if (row < 0 || this.labels.x[row] < 0) return;
    const [left, top] = this.screen(row);
    this.context.lineWidth = 2;
    this.context.strokeStyle = ink;
    this.context.beginPath();
    this.context.arc(left, top, this.radius(row) + 4, 0, 2 * Math.PI);
    this.context.stroke();
  }

  // The label nearest to a place on the screen, or -1.
  at(left, top) {
    const [low, high] = [this.place(left - REACH, top - REACH), this.place(left + REACH, top + REACH)];
    let best = -1, least = REACH * REACH;
    for (let j = this.cell(low[1]); j <= this.cell(high[1]); j++) {
      for (let i = this.cell(low[0]); i <= this.cell(high[0]); i++) {
        for (const row of this.cells[j * CELLS + i]) {
          if (this.shown && !this.shown[row]) continue;
          const [x, y] = this.screen(row);
          const far = (x - left) ** 2 + (y - top) ** 2;
          if (far < least || (far === least && row < best)) [best, least] = [row, far];
        }
      }
    }
    return best;
  }

  // Show the name of a label beside it.
  name(row) {
    this.near = row;
    this.tip.hidden = row < 0;
    this.canvas.style.cursor = row < 0 ? "" : "pointer";
    if (row >= 0) {
      const [left, top] = this.screen(row);
      this.tip.textContent = this.short(row, 60) + " · " + number(this.labels.images[row]) + (this.labels.images[row] === 1 ? " image" : " images");
      const room = this.tip.offsetWidth;
      this.tip.style.left = Math.max(4, Math.min(left - room / 2, this.width - room - 4)) + "px";
      this.tip.style.top = (top > 48 ? top - 42 : top + 16) + "px";
    }
    this.later();
  }

  enlarge(times, left = this.width / 2, top = this.height / 2) {
    const before = this.place(left, top);
    this.zoom = times ? Math.min(CLOSEST, Math.max(1, this.zoom * times)) : 1;
    const after = this.place(left, top);
    this.middle = [this.middle[0] + before[0] - after[0], this.middle[1] + before[1] - after[1]];
    this.keep();
  }

  pan(right, down) {
    const scale = this.scale;
    this.middle = [this.middle[0] - right / (scale * this.stretch()), this.middle[1] - down / scale];
    this.keep();
  }

  // Never so far aside that the map is out of sight.
  keep() {
    const half = SIDE / 2, slack = half * (1 - 1 / this.zoom);
    this.middle = this.middle.map((value) => Math.min(half + slack, Math.max(half - slack, value)));
    this.canvas.style.touchAction = this.zoom > 1 ? "none" : "pan-y";
    this.name(this.near);
  }

  // Into sight.
  bring(row) {
    const [left, top] = this.screen(row);
    if (left >= 0 && top >= 0 && left <= this.width && top <= this.height) return;
    this.middle = [this.labels.x[row], this.labels.y[row]];
    this.keep();
  }

  filter(view) {
    this.shown = null;
    if (view) {
      this.shown = new Uint8Array(this.labels.size);
      for (const row of view) this.shown[row] = 1;
    }
    // Not with every key: the list goes first.
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.later(), 120);
  }

  open(row) {
    this.opened = row;
    this.later();
  }
}
